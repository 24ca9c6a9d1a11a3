// One run of a batch in a separate process, with a lock directory or Redis that it shares with others.

import { createSignStash, FileReferenceLock, RedisReferenceLock } from '@signstash-connect/core';
import { Redis } from 'ioredis';

const [, , job = ''] = process.argv;
const { environment, clientId, clientSecret, folder, locks, redisUrl } = JSON.parse(job);

const client = redisUrl ? new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: 1 }) : undefined;
client?.on('error', () => {});
const referenceLock = client
  ? new RedisReferenceLock({ client, timeoutMs: 500 })
  : new FileReferenceLock({ directory: locks });
let warnings = 0;
const signstash = createSignStash({
  environment,
  clientId,
  clientSecret,
  retry: { delayMs: 5, maxDelayMs: 50, lookupGraceMs: 5_000, pendingMs: 2_000 },
  hooks: { onWarning: () => warnings++ },
});
const failures: string[] = [];
let signed = 0;
// Only the lock prevents a document from being signed twice, except where the lock cannot be reached.
const options = { referenceLock, lookUpFirst: false, batchSize: 5, concurrency: 3 };
for await (const result of signstash.signAll(`${folder}/*.pdf`, options)) {
  // Also what another process had finished before this one read it.
  if (result.ok || result.error.code === 'OUTPUT_EXISTS') signed++;
  else failures.push(`${result.error.code} ${result.error.message}`);
}
process.send?.({ signed, failures, ...(client ? { warned: warnings > 0 } : {}) });
client?.disconnect();
process.disconnect();
