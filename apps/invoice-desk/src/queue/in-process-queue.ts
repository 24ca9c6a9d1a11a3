import pLimit from 'p-limit';
import type { DocumentKey } from '../batches/batch.ts';
import type { BatchStore } from '../batches/batch-store.ts';
import { type Signer, signDocument } from '../batches/sign-document.ts';
import type { SignQueue } from './sign-queue.ts';

/** Signs in this process. After a restart the desk adds unfinished batches again. */
export function inProcessQueue(service: Signer, store: BatchStore, concurrency = 4): SignQueue {
  const limit = pLimit(concurrency);
  const signing = new Map<string, Promise<void>>();

  async function sign(key: DocumentKey): Promise<void> {
    try {
      // Core has retried already.
      await signDocument(service, store, key, { lastTry: true });
    } catch (error) {
      console.error(`Document ${key.documentId} of batch ${key.batchId}:`, error);
      const message = 'The desk failed; see its log.';
      const failed = { ok: false, code: 'DESK_FAILED', family: 'unknown', message, hint: 'Try again.' } as const;
      // If not even the result can be saved, the next start tries again.
      await store.finish(key, failed).catch(console.error);
    }
  }

  return {
    async add({ id: batchId, documents }) {
      for (const { id: documentId } of documents) {
        void limit(async () => {
          const work = sign({ batchId, documentId });
          signing.set(documentId, work);
          await work;
          signing.delete(documentId);
        });
      }
    },
    signing: async () => new Set(signing.keys()),
    async close() {
      limit.clearQueue();
      // A signature that is under way must be saved: through the on-premise proxy it cannot be fetched again.
      await Promise.all(signing.values());
    },
  };
}
