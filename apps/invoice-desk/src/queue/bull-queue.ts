import { Queue } from 'bullmq';
import type { DocumentKey } from '../batches/batch.ts';
import type { SignQueue } from './sign-queue.ts';

/** The same name in all processes of a desk. */
export const queueName = 'invoice-desk-sign';

/** Attempts per document, each with core's own retries inside. */
const attempts = 5;

/** Milliseconds that a web request waits for Redis. */
const timeoutMs = 5_000;

/** Hands documents to workers in other processes, through Redis: a batch survives the end of any process. */
export function bullQueue(redisUrl: string): SignQueue {
  const queue = new Queue<DocumentKey>(queueName, {
    // Fail at once while Redis is unreachable, instead of holding the browser's request.
    connection: { url: redisUrl, enableOfflineQueue: false, maxRetriesPerRequest: 1, connectTimeout: 2_000 },
    defaultJobOptions: {
      attempts,
      backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 },
      // The results of documents are in the batch store.
      removeOnComplete: true,
      removeOnFail: { age: 24 * 3600 },
    },
  });
  // The queue reconnects by itself.
  queue.on('error', (error) => console.error(`Queue: ${error.message}`));
  return {
    async add({ id: batchId, documents }) {
      const jobs = documents.map(({ id: documentId }) => ({
        name: 'sign',
        data: { batchId, documentId },
        opts: { jobId: documentId },
      }));
      const added = await withTimeout(queue.addBulk(jobs));
      if (added.length !== jobs.length) throw new Error(`Redis accepted ${added.length} of ${jobs.length} documents.`);
    },
    async signing() {
      try {
        return new Set((await withTimeout(queue.getActive())).map(({ data }) => data.documentId));
      } catch {
        // Only a detail of the view; results come from the batch store.
        return new Set();
      }
    },
    close: () => queue.close(),
  };
}

async function withTimeout<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not respond within ${timeoutMs} ms.`)), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
