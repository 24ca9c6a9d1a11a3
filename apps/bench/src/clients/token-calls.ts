// Many calls at once with one token, from a given moment on; the token store may be shared with other processes.
import { setTimeout as sleep } from 'node:timers/promises';
import KeyvRedis from '@keyv/redis';
import { createSignStash } from '@signstash-connect/core';
import { Keyv } from 'keyv';
import { readJob, report } from '../job.ts';

const [, , , calls, start, socket] = process.argv;
const { url } = readJob();
const store = socket ? new Keyv(new KeyvRedis({ socket: { path: socket, tls: false } })) : undefined;
const signstash = createSignStash({
  environment: { tokenUrl: `${url}/token`, apiUrl: `${url}/api` },
  clientId: 'bench',
  clientSecret: 'bench',
  ...(store ? { tokenStore: store } : {}),
});

await sleep(Number(start) - Date.now());
await report(async () => {
  await Promise.all(Array.from({ length: Number(calls) }, () => signstash.operations.getStatus('1')));
  return Number(calls);
});
await store?.disconnect();
