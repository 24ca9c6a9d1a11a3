import { Queue } from 'bullmq';
import type { DocumentKey } from '../batches/batch.ts';
import type { SealQueue } from './seal-queue.ts';

/** One name for all processes of a desk. */
export const queueName = 'invoice-desk-seal';

/** Tries of one document, each with the core's own retries inside. */
const attempts = 5;

/** Hands documents to workers in other processes, through Redis: a batch outlives every one of them. */
export function bullQueue(redisUrl: string): SealQueue {
  const queue = new Queue<DocumentKey>(queueName, {
    connection: { url: redisUrl },
    defaultJobOptions: {
      attempts,
      backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 },
      // What became of a document is in the batch store.
      removeOnComplete: true,
      removeOnFail: { age: 24 * 3600 },
    },
  });
  // A lost connection is mended by the queue itself.
  queue.on('error', (error) => console.error(`Queue: ${error.message}`));
  return {
    async add({ id: batchId, documents }) {
      await queue.addBulk(
        documents.map(({ id: documentId }) => ({
          name: 'seal',
          data: { batchId, documentId },
          opts: { jobId: documentId },
        })),
      );
    },
    sealing: async () => new Set((await queue.getActive()).map(({ data }) => data.documentId)),
    close: () => queue.close(),
  };
}
