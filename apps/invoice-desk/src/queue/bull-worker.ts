import { Worker, type WorkerOptions } from 'bullmq';
import type { DocumentKey } from '../batches/batch.ts';
import type { BatchStore } from '../batches/batch-store.ts';
import { type Signer, signDocument } from '../batches/sign-document.ts';
import { queueName } from './bull-queue.ts';

/**
 * Signs the documents of the queue. When a worker dies, its locks expire and another worker takes over its jobs; each document's
 * reference shows whether Sign'Stash has signed it already.
 */
export function bullWorker(
  service: Signer,
  store: BatchStore,
  redisUrl: string,
  options: Partial<WorkerOptions> = {},
): Worker<DocumentKey> {
  const worker = new Worker<DocumentKey>(
    queueName,
    async ({ data, attemptsMade, opts }) => {
      await signDocument(service, store, data, { lastTry: attemptsMade + 1 >= (opts.attempts ?? 1) });
    },
    {
      concurrency: 4,
      // A job may outlive several workers that die; that is not the job's fault.
      maxStalledCount: 20,
      ...options,
      connection: { url: redisUrl, maxRetriesPerRequest: null },
    },
  );
  worker.on('error', (error) => console.error(`Queue: ${error.message}`));
  return worker;
}
