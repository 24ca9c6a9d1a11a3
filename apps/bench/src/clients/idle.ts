// A client that has done one call and waits: what a process with our library needs before it carries anything.
import { createSignStash } from '@signstash-connect/core';
import { readJob, report } from '../job.ts';

const { url } = readJob();
const environment = { tokenUrl: `${url}/token`, apiUrl: `${url}/api` };
const signstash = createSignStash({ environment, clientId: 'bench', clientSecret: 'bench' });

await report(async () => {
  await signstash.operations.getStatus('1');
  return 0;
});
