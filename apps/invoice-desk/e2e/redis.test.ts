import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';
import autocannon from 'autocannon';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../../../scripts/test/redis.ts';
import type { BatchView } from '../src/http/batch-view.ts';
import { invoice } from './support/documents.ts';
import { accessToken, authorized, sandboxEnv } from './support/sandbox-desk.ts';
import { runScript, type Script } from './support/script.ts';

let folder: string;
let sandbox: Sandbox;
let redis: TestRedis;
let scripts: Script[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'invoice-desk-machines-'));
  // A document that is sent twice is signed, and counted, twice, so that the sandbox does not hide a duplicate request.
  sandbox = await startSandbox({ stateDirectory: join(folder, 'sandbox'), duplicateReferences: 'sign-again' });
  redis = await startRedis();
  scripts = [];
});
afterEach(async () => {
  await Promise.all(scripts.map((script) => script.kill()));
  await redis.close();
  await sandbox.close();
  await rm(folder, { recursive: true });
});

async function run(path: string, ready: RegExp, env: NodeJS.ProcessEnv = {}): Promise<Script> {
  const data = {
    REDIS_URL: redis.url,
    DESK_DATA_FOLDER: join(folder, 'data'),
    DESK_PORT: '0',
    DESK_LOCK_MS: '1500',
    DESK_ACCESS_TOKEN: accessToken,
  };
  const script = await runScript(path, { ...sandboxEnv(sandbox), ...data, ...env }, ready);
  scripts.push(script);
  return script;
}

describe('a token for four server processes', () => {
  const cluster = async () =>
    (await run('e2e/support/sign-cluster.ts', /^Listening on /)).line.replace('Listening on ', '');
  const load = (url: string, duration: number, perSecond: number[] = []) => {
    const running = autocannon({ url: `${url}/invoice`, connections: 16, duration });
    // The type declares the promise only, not the event emitter.
    const events = running as unknown as NodeJS.EventEmitter;
    events.on('tick', ({ counter }: { counter: number }) => perSecond.push(counter));
    return running;
  };

  it('is requested once', async () => {
    const url = await cluster();
    // The load balancer's first look at the servers; from then on the token is on Redis.
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const { non2xx, errors, timeouts, requests } = await load(url, 6);
    const counts = sandbox.admin.counts();
    console.log(`4 processes, ${requests.total} requests, ${counts.tokenRequests} token request`);
    expect({ non2xx, errors, timeouts }).toEqual({ non2xx: 0, errors: 0, timeouts: 0 });
    expect(requests.total).toBeGreaterThan(100);
    expect(counts.documentsSigned).toBeGreaterThanOrEqual(requests.total);
    expect(counts.tokenRequests).toBe(1);
  });

  it('is requested from the authorization server when Redis is killed, and no request fails', async () => {
    const url = await cluster();
    await fetch(`${url}/health`);
    const perSecond: number[] = [];
    const running = load(url, 9, perSecond);
    await wait(3_000);
    await redis.kill();
    await wait(1_500);
    // Now every process needs a new token and must request it itself.
    sandbox.admin.expireTokens();
    const { non2xx, errors, timeouts, requests } = await running;
    const counts = sandbox.admin.counts();
    console.log(
      `Redis killed, tokens expired: ${requests.total} requests, none failed, ${counts.tokenRequests} token requests`,
    );
    expect({ non2xx, errors, timeouts }).toEqual({ non2xx: 0, errors: 0, timeouts: 0 });
    // No request waits long for an unreachable Redis: responses arrive in every second.
    console.log(`requests in each second: ${perSecond.join(' ')}`);
    for (const count of perSecond.slice(0, 9)) expect(count).toBeGreaterThan(0);
    // At most one more for each process.
    expect(counts.tokenRequests).toBeGreaterThan(1);
    expect(counts.tokenRequests).toBeLessThanOrEqual(1 + 4);
  });
});

describe('a batch for several worker processes', () => {
  const worker = () => run('src/worker-main.ts', /^Worker ready/);
  const desk = async () =>
    new URL((await run('src/main.ts', /^Invoice desk: /)).line.replace('Invoice desk: ', '')).origin;

  async function handIn(url: string, count: number): Promise<BatchView> {
    const form = new FormData();
    for (let number = 1; number <= count; number++) {
      const bytes = await invoice(`R-${number}`, { pages: 1 });
      form.append('documents', new Blob([bytes as Uint8Array<ArrayBuffer>]), `Fatura ${number}.pdf`);
    }
    const answer = await fetch(`${url}/api/batches`, { method: 'POST', body: form, headers: authorized });
    expect(answer.status).toBe(201);
    return (await answer.json()) as BatchView;
  }
  const look = async (url: string, { id }: BatchView) =>
    (await (await fetch(`${url}/api/batches/${id}`, { headers: authorized })).json()) as BatchView;
  const finished = async (url: string, batch: BatchView) => {
    for (;;) {
      const seen = await look(url, batch);
      if (seen.done === seen.total) return seen;
      await wait(100);
    }
  };
  const signedOnce = (count: number) => {
    const { signedByReference, documentsSigned } = sandbox.admin.counts();
    expect(Object.keys(signedByReference)).toHaveLength(count);
    expect(Object.values(signedByReference).every((times) => times === 1)).toBe(true);
    expect(documentsSigned).toBe(count);
  };

  it('has its documents signed by all of them; a killed one is replaced, and nothing is signed twice', async () => {
    const count = 60;
    sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'after', delayMs: 300, times: 10_000 });
    const url = await desk();
    const workers = await Promise.all([worker(), worker(), worker()]);
    const batch = await handIn(url, count);
    // Signed by the service, with the answers not yet received: the worst moment to be killed.
    while (sandbox.admin.counts().documentsSigned < 15) await wait(5);
    await workers[0]!.kill();
    const before = (await look(url, batch)).done;
    while (sandbox.admin.counts().documentsSigned < 35) await wait(5);
    await workers[1]!.kill();
    const seen = await finished(url, batch);
    const recovered = seen.documents.filter(({ result }) => result?.ok && result.recovered).length;
    console.log(
      `${count} documents, 2 of 3 workers killed (the first at ${before} done), ${recovered} signatures found again`,
    );
    expect(seen.documents.map(({ state }) => state)).toEqual(Array(count).fill('signed'));
    expect(before).toBeLessThan(count);
    expect(recovered).toBeGreaterThan(0);
    signedOnce(count);
  });

  it('survives the end of every process and of Redis', async () => {
    const count = 20;
    sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs: 200, times: 10_000 });
    const first = await desk();
    await worker();
    const batch = await handIn(first, count);
    while (sandbox.admin.counts().documentsSigned < 6) await wait(5);
    await Promise.all(scripts.map((script) => script.kill()));
    await redis.kill();
    await redis.start();
    const second = await desk();
    await worker();
    const seen = await finished(second, batch);
    expect(seen.documents.map(({ state }) => state)).toEqual(Array(count).fill('signed'));
    signedOnce(count);
  });

  it('is refused at once, and leaves nothing behind, while Redis is down or full', async () => {
    const url = await desk();
    const batches = () => readdir(join(folder, 'data', 'batches'));
    const refused = async () => {
      const form = new FormData();
      form.append('documents', new Blob([(await invoice('R-1', { pages: 1 })) as Uint8Array<ArrayBuffer>]), 'a.pdf');
      const started = performance.now();
      const answer = await fetch(`${url}/api/batches`, { method: 'POST', body: form, headers: authorized });
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
      expect(performance.now() - started).toBeLessThan(10_000);
      expect(await batches()).toEqual([]);
    };
    const settings = new Redis(redis.url);
    await settings.config('SET', 'maxmemory', '1');
    await refused();
    await settings.config('SET', 'maxmemory', '0');
    settings.disconnect();
    await redis.kill();
    await refused();
    await redis.start();
    await worker();
    const batch = await handIn(url, 2);
    expect((await finished(url, batch)).documents.map(({ state }) => state)).toEqual(['signed', 'signed']);
    signedOnce(2);
  });
});
