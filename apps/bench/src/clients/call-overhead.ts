// Time of a small call through core and through bare ky, alternately, in one process. Microseconds per call.
import { createSignStash } from '@signstash-connect/core';
import ky from 'ky';
import { readJob } from '../job.ts';

const { url } = readJob();
const rounds = Number(process.argv[3]);
const callsEachRound = 256;
const signstash = createSignStash({
  environment: { tokenUrl: `${url}/token`, apiUrl: `${url}/api` },
  clientId: 'bench',
  clientSecret: 'bench',
});
const bare = ky.create({ headers: { authorization: 'Bearer token' }, retry: 0 });
const status = `${url}/api/api/v0/operation/status/1`;

async function timed(call: () => Promise<unknown>, atOnce: number): Promise<number> {
  const started = performance.now();
  for (let done = 0; done < callsEachRound; done += atOnce) await Promise.all(Array.from({ length: atOnce }, call));
  return ((performance.now() - started) * 1000) / callsEachRound;
}

const measured = [];
for (const [name, atOnce] of [['one after another', 1] as const, ['16 at once', 16] as const]) {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const core = await timed(() => signstash.operations.getStatus('1'), atOnce);
    const plain = await timed(() => bare.get(status).json(), atOnce);
    // The first round warms up.
    if (round < 0) continue;
    ours.push(core);
    theirs.push(plain);
  }
  measured.push({ name, ours, theirs });
}
console.log(JSON.stringify(measured));
