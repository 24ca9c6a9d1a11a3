import { join } from 'node:path';
import { BatchStore } from './batches/batch-store.ts';
import { bullWorker } from './queue/bull-worker.ts';
import { readSettings } from './settings.ts';
import { lockMs, openSigningService } from './signing-service.ts';

if (!process.env.REDIS_URL) throw new Error('A worker needs REDIS_URL: without Redis the desk signs by itself.');
if (!process.env.SIGNSTASH_CLIENT_ID) throw new Error("A worker needs the desk's SIGNSTASH_* variables.");
const { dataFolder, redisUrl = process.env.REDIS_URL } = await readSettings();

const service = await openSigningService(process.env, redisUrl);
const worker = bullWorker(service, new BatchStore(join(dataFolder, 'batches')), redisUrl, {
  lockDuration: lockMs(process.env),
  stalledInterval: lockMs(process.env),
});
await worker.waitUntilReady();
console.log('Worker ready.');

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // Documents under way are finished first.
    worker
      .close()
      .then(() => service.close())
      .finally(() => process.exit());
  });
}
