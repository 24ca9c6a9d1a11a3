// Time of a small call through core and through bare ky, in turns, in one process.
import { createSignStash } from '@signstash-connect/core';
import ky from 'ky';
import { readJob } from '../job.ts';

const { url } = readJob();
const rounds = Number(process.argv[3]);
const environment = { tokenUrl: `${url}/token`, apiUrl: `${url}/api` };
const signstash = createSignStash({ environment, clientId: 'bench', clientSecret: 'bench' });
const bare = ky.create({ headers: { authorization: 'Bearer token' }, retry: 0 });
const status = `${url}/api/api/v0/operation/status/1`;

const perRound = 200;
const timed = async (call: () => Promise<unknown>) => {
  const started = performance.now();
  for (let index = 0; index < perRound; index++) await call();
  return ((performance.now() - started) * 1000) / perRound;
};
const ours: number[] = [];
const theirs: number[] = [];
for (let round = 0; round <= rounds; round++) {
  const core = await timed(() => signstash.operations.status('1'));
  const plain = await timed(() => bare.get(status).json());
  // The first round warms up.
  if (round === 0) continue;
  ours.push(core);
  theirs.push(plain);
}
console.log(JSON.stringify({ ours, theirs }));
