import type { SignStash } from '@signstash-connect/core';
import pLimit from 'p-limit';
import type { Batch } from '../batches/batch.ts';
import type { BatchStore } from '../batches/batch-store.ts';
import { sealDocument } from '../batches/seal-document.ts';
import type { SealQueue } from './seal-queue.ts';

/** Seals in this process: nothing to set up, nothing that outlives it. */
export function inProcessQueue(client: SignStash, store: BatchStore, concurrency = 4): SealQueue {
  const limit = pLimit(concurrency);
  const sealing = new Set<string>();
  return {
    async add({ id: batchId, documents }: Batch) {
      for (const { id: documentId } of documents) {
        limit(async () => {
          sealing.add(documentId);
          // The core has retried already; a second round of tries would only keep people waiting.
          await sealDocument(client, store, { batchId, documentId }, { lastTry: true });
        })
          .catch((error) => console.error(`Document ${documentId} of batch ${batchId}:`, error))
          .finally(() => sealing.delete(documentId));
      }
    },
    sealing: async () => sealing,
    async close() {
      limit.clearQueue();
    },
  };
}
