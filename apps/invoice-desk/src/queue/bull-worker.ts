import type { SignStash } from '@signstash-connect/core';
import { Worker, type WorkerOptions } from 'bullmq';
import type { DocumentKey } from '../batches/batch.ts';
import type { BatchStore } from '../batches/batch-store.ts';
import { sealDocument } from '../batches/seal-document.ts';
import { queueName } from './bull-queue.ts';

/**
 * Seals what the queue holds. A worker that dies keeps nobody waiting: once its locks have run out, another takes its jobs
 * over, and each job's reference tells Sign'Stash which documents it has sealed already.
 */
export function bullWorker(
  client: SignStash,
  store: BatchStore,
  redisUrl: string,
  options: Partial<WorkerOptions> = {},
): Worker<DocumentKey> {
  const worker = new Worker<DocumentKey>(
    queueName,
    async ({ data, attemptsMade, opts }) => {
      await sealDocument(client, store, data, { lastTry: attemptsMade + 1 >= (opts.attempts ?? 1) });
    },
    {
      concurrency: 4,
      // A job may meet several dying workers; it is never its own fault.
      maxStalledCount: 20,
      ...options,
      connection: { url: redisUrl, maxRetriesPerRequest: null },
    },
  );
  worker.on('error', (error) => console.error(`Queue: ${error.message}`));
  return worker;
}
