import { isSignStashError, type SignStashError } from '@signstash-connect/core';
import { errorCodes } from '@signstash-connect/core/adapter';
import { type Verdict, verifyDocument } from '@signstash-connect/verify';
import type { SigningService } from '../signing-service.ts';
import type { DocumentKey, DocumentResult } from './batch.ts';
import type { BatchStore } from './batch-store.ts';

/** What signing needs of a service. */
export type Signer = Pick<SigningService, 'client' | 'trust'>;

/**
 * Signs one document of a batch and saves its result. Safe to call again at any point, by any process: its reference finds the
 * document at Sign'Stash if an earlier, interrupted call signed it.
 *
 * @throws Core's error if another try may help and `lastTry` is false.
 */
export async function signDocument(
  service: Signer,
  store: BatchStore,
  key: DocumentKey,
  { lastTry }: { lastTry: boolean },
): Promise<void> {
  if (await store.result(key)) return;
  const batch = await store.batch(key.batchId);
  const document = batch?.documents.find(({ id }) => id === key.documentId);
  // Removed while it waited.
  if (!batch || !document) return;
  try {
    const { name, reference } = document;
    const signed = await service.client.sign(store.sourcePath(key), {
      ...batch.options,
      type: 'PAdES',
      name,
      reference,
    });
    const { operationId, recovered, content } = signed;
    const verdict = await findVerdict(content, service);
    await store.finish(key, { ok: true, operationId, recovered, size: content.byteLength, verdict }, content);
  } catch (error) {
    if (!isSignStashError(error)) throw error;
    if (error.retryable && !lastTry) throw error;
    await store.finish(key, failure(error));
  }
}

const failure = ({ code, message, hint }: SignStashError): DocumentResult => ({
  ok: false,
  code,
  family: errorCodes[code].family,
  message,
  hint,
});

/** Never rejects: the document is signed, and must be kept whatever the verdict is. */
async function findVerdict(content: Uint8Array, { trust }: Signer): Promise<Verdict> {
  try {
    return (await verifyDocument(content, { trust })).verdict;
  } catch (error) {
    console.error('Verification:', error);
    return 'indeterminate';
  }
}
