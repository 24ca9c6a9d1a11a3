// One run of a batch, or `single` calls of `sign`, in a separate process, with a lock directory or Redis that it shares with others.

import { createSignStash, FileReferenceLock, RedisReferenceLock } from '@signstash-connect/core';
import { Redis } from 'ioredis';
import { minimalPdf } from '../../support/minimal-pdf.ts';

const [, , job = ''] = process.argv;
const { environment, clientId, clientSecret, folder, single = 0, locks, redisUrl } = JSON.parse(job);

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
  referenceLock,
  retry: { delayMs: 5, maxDelayMs: 50, lookupGraceMs: 5_000, pendingMs: 2_000 },
  hooks: { onWarning: () => warnings++ },
});
const failures: string[] = [];
let signed = 0;
// Only the lock prevents a document from being signed twice, except where the lock cannot be reached.
const options = { lookUpFirst: false, batchSize: 5, concurrency: 3 };
// With a look-up, since one process may be done before the other starts; both find nothing if they start together.
const calls = Array.from({ length: single }, async (_, index) => {
  try {
    await signstash.sign(minimalPdf(`Fatura ${index}`), { reference: `FT-${index}` });
    signed++;
  } catch (error) {
    failures.push(String(error));
  }
});
await Promise.all(calls);
for await (const result of signstash.signAll(folder ? `${folder}/*.pdf` : [], options)) {
  // Also what another process had finished before this one read it.
  if (result.ok || result.error.code === 'OUTPUT_EXISTS') signed++;
  else failures.push(`${result.error.code} ${result.error.message}`);
}
process.send?.({ signed, failures, ...(client ? { warned: warnings > 0 } : {}) });
client?.disconnect();
process.disconnect();
