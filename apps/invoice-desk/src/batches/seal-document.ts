import { errorCodes, isSignStashError, type SignStash, type SignStashError } from '@signstash-connect/core';
import type { DocumentKey, DocumentResult } from './batch.ts';
import type { BatchStore } from './batch-store.ts';

/**
 * Seals one document of a batch and saves what became of it. It may be called again at any point, by any process: the reference
 * finds what an earlier, interrupted call has had sealed.
 *
 * @throws The core's error where another try may help and `lastTry` is false.
 */
export async function sealDocument(
  client: SignStash,
  store: BatchStore,
  key: DocumentKey,
  { lastTry }: { lastTry: boolean },
): Promise<void> {
  if (await store.result(key)) return;
  const batch = await store.batch(key.batchId);
  const document = batch?.documents.find(({ id }) => id === key.documentId);
  // Removed by its owner while it waited.
  if (!batch || !document) return;
  try {
    const { name, reference } = document;
    const sealed = await client.sign(store.sourcePath(key), { ...batch.seal, type: 'PAdES', name, reference });
    const { operationId, recovered, content } = sealed;
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
