// Many calls at once with one token; the token store may be shared with other processes.
import KeyvRedis from '@keyv/redis';
import { createSignStash } from '@signstash-connect/core';
import { Keyv } from 'keyv';
import { readJob, report } from '../job.ts';

const [, , , callsText, storeUrl] = process.argv;
const { url } = readJob();
const store = storeUrl ? new Keyv(new KeyvRedis(storeUrl)) : undefined;
const signstash = createSignStash({
  environment: { tokenUrl: `${url}/token`, apiUrl: `${url}/api` },
  clientId: 'bench',
  clientSecret: 'bench',
  ...(store ? { tokenStore: store } : {}),
});

await report(async () => {
  const calls = Number(callsText);
  await Promise.all(Array.from({ length: calls }, () => signstash.operations.status('1')));
  return calls;
});
await store?.disconnect();
