// A client that has made one call and waits: the memory that a process with this library needs when idle.
import { createSignStash } from '@signstash-connect/core';
import { readJob, report } from '../job.ts';

const { url } = readJob();
const environment = { tokenUrl: `${url}/token`, apiUrl: `${url}/api` };
const signstash = createSignStash({ environment, clientId: 'bench', clientSecret: 'bench' });

await report(async () => {
  await signstash.operations.getStatus('1');
  return 0;
});
