import { errorCodes, isSignStashError, type SignStash, type SignStashError } from '@signstash-connect/core';
import type { DocumentKey, DocumentResult } from './batch.ts';
import type { BatchStore } from './batch-store.ts';

/**
 * Signs one document of a batch and saves its result. Safe to call again at any point, by any process: its reference finds the
 * document at Sign'Stash if an earlier, interrupted call signed it.
 *
 * @throws Core's error if another try may help and `lastTry` is false.
 */
export async function signDocument(
  client: SignStash,
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
    const signed = await client.sign(store.sourcePath(key), { ...batch.options, type: 'PAdES', name, reference });
    const { operationId, recovered, content } = signed;
    await store.finish(key, { ok: true, operationId, recovered, size: content.byteLength }, content);
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
