import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { RedisClient } from '../../src/adapter-node.ts';
import { RedisReferenceLock } from '../../src/index.ts';
import { abandonedLeaseMs } from '../../src/locks/reference-lock.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { testSandbox } from '../support/sandbox-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { signAfterDeath } from './support/sign-after-death.ts';

/** A redis-server of the test's own, on a socket in a temporary folder. */
async function startRedis(): Promise<{ socket: string; server: ChildProcess }> {
  const folder = temporaryFolder();
  const socket = join(folder, 'redis.sock');
  const settings = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', ''];
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
  });
  if (!server.stdout) throw new Error('redis-server has no output.');
  for await (const text of server.stdout) if (/ready to accept connections/i.test(String(text))) break;
  return { socket, server };
}

async function connectIoredis(socket: string): Promise<RedisClient> {
  const client = new Redis(socket, { lazyConnect: true, maxRetriesPerRequest: 1 });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.disconnect());
  return client;
}

async function connectNodeRedis(socket: string): Promise<RedisClient> {
  const client = createClient({ socket: { path: socket, tls: false }, disableOfflineQueue: true });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

const leaseKeys = async (raw: Redis) => (await raw.keys('signstash:lock:*')).filter((name) => !name.endsWith(':fence'));

/** As if the leases had not been renewed for their lifetime. */
async function expireLeases(raw: Redis): Promise<void> {
  for (const key of await leaseKeys(raw)) {
    const [token] = (await raw.get(key))?.split(' ') ?? [];
    await raw.set(key, `${token} 1`, 'KEEPTTL');
  }
}

test.each([
  ['ioredis', connectIoredis],
  ['node-redis', connectNodeRedis],
  [
    'a function',
    async (socket: string): Promise<RedisClient> => {
      const client = (await connectNodeRedis(socket)) as { sendCommand(args: string[]): Promise<unknown> };
      return (args) => client.sendCommand([...args]);
    },
  ],
])('with %s, a key has one holder, fencing tokens grow, and nothing stays in Redis', async (_, connect) => {
  const { socket } = await startRedis();
  const client = await connect(socket);
  const raw = await connectIoredis(socket);
  const [one, other] = [new RedisReferenceLock({ client }), new RedisReferenceLock({ client })];
  const first = await one.acquire(['a', 'b']);
  const second = await other.acquire(['b', 'c']);
  expect([first.keys, second.keys]).toEqual([['a', 'b'], ['c']]);
  expect(second.fencingToken).toBeGreaterThan(first.fencingToken ?? Number.NaN);
  expect([await first.isHeld(), await second.isHeld()]).toEqual([true, true]);
  await first.release();
  const third = await other.acquire(['a', 'b']);
  await first.release();
  expect([third.keys, await first.isHeld(), await third.isHeld()]).toEqual([['a', 'b'], false, true]);
  await third.release();
  await second.release();
  expect(await (raw as Redis).keys('*')).toEqual(['signstash:lock:fence']);
});

test('a lease that expired while its process was suspended is not held, and its release leaves the new holder alone', async () => {
  const { socket } = await startRedis();
  const client = await connectIoredis(socket);
  const raw = (await connectIoredis(socket)) as Redis;
  const lock = new RedisReferenceLock({ client, leaseMs: 30_000 });
  const lease = await lock.acquire(['a']);
  // As after 30 s of suspension.
  await expireLeases(raw);
  const successor = await lock.acquire(['a', 'b']);
  expect([successor.keys, successor.abandoned]).toEqual([['a', 'b'], ['a']]);
  expect(await lease.isHeld()).toBe(false);
  await lease.release();
  expect(await successor.isHeld()).toBe(true);
  await successor.release();
  const next = await lock.acquire(['a']);
  expect([next.keys, next.abandoned]).toEqual([['a'], []]);
  await next.release();
});

test('a request of a dead process that the service registers late is found after its leases expired', async () => {
  const { socket } = await startRedis();
  const raw = (await connectIoredis(socket)) as Redis;
  const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
  const create = () => new RedisReferenceLock({ client: raw });
  await signAfterDeath(sandbox, invoices(3), { dead: create(), successor: create() }, () => expireLeases(raw));
});

test('an abandoned lease is forgotten after a day', async () => {
  const { socket } = await startRedis();
  const raw = (await connectIoredis(socket)) as Redis;
  await new RedisReferenceLock({ client: raw }).acquire(['a']);
  const [key = ''] = await leaseKeys(raw);
  const left = await raw.pttl(key);
  expect(left).toBeGreaterThan(abandonedLeaseMs - 60_000);
  expect(left).toBeLessThanOrEqual(abandonedLeaseMs);
});

test('leases are renewed for as long as they are held', async () => {
  const { socket } = await startRedis();
  const raw = (await connectIoredis(socket)) as Redis;
  const lock = new RedisReferenceLock({ client: await connectIoredis(socket), leaseMs: 300 });
  const lease = await lock.acquire(['a']);
  const [key = ''] = await leaseKeys(raw);
  const expiresAt = async () => Number((await raw.get(key))?.split(' ')[1]);
  // Several lifetimes of the lease, by the count of its renewals.
  let renewals = 0;
  for (let last = await expiresAt(); renewals < 6; ) {
    const [seconds = 0, microseconds = 0] = (await raw.time()).map(Number);
    const current = await expiresAt();
    expect(current).toBeGreaterThan(seconds * 1000 + microseconds / 1000);
    if (current > last) renewals++;
    last = current;
  }
  expect(await lease.isHeld()).toBe(true);
  await lease.release();
  expect(await raw.exists(key)).toBe(0);
});

test('acquiring fails in time if Redis hangs or is unreachable; a lease expires by this process’s own clock', async () => {
  const { socket, server } = await startRedis();
  let now = 1_000_000;
  const clock = { now: () => now, sleep: async () => {} };
  const lock = new RedisReferenceLock({ client: await connectIoredis(socket), timeoutMs: 200, clock });
  const lease = await lock.acquire(['a']);
  server.kill('SIGSTOP');
  await expect(lock.acquire(['b'])).rejects.toThrow('did not answer');
  expect(await lease.isHeld()).toBe(true);
  now += 21_000;
  expect(await lease.isHeld()).toBe(false);
  server.kill('SIGKILL');
  await once(server, 'exit');
  await expect(lock.acquire(['b'])).rejects.toThrow();
  await lease.release().catch(() => {});
});

interface Report {
  signed: number;
  failures: string[];
  warned: boolean;
}

function run(job: object): Promise<Report> {
  const script = fileURLToPath(new URL('./support/locked-run.ts', import.meta.url));
  const child = fork(script, [JSON.stringify(job)], { execArgv: ['--conditions=@signstash-connect/source'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return once(child, 'message').then(([report]) => report as Report);
}

function invoices(count: number): string {
  const folder = temporaryFolder();
  for (let index = 0; index < count; index++)
    writeFileSync(join(folder, `${index}.pdf`), minimalPdf(`Fatura ${index}`));
  return folder;
}

test('three processes with one Redis sign each document once, even with a service that signs repeated references', async () => {
  const { socket } = await startRedis();
  const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 40, times: 1_000 });
  const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox;
  const job = { environment: { tokenUrl, apiUrl }, clientId, clientSecret, folder: invoices(60), redisUrl: socket };
  const reports = await Promise.all([run(job), run(job), run(job)]);
  expect(reports).toEqual(Array(3).fill({ signed: 60, failures: [], warned: false }));
  const counts = Object.values(sandbox.admin.counts().signedByReference);
  expect([counts.length, Math.max(...counts)]).toEqual([60, 1]);
}, 60_000);

test('two processes with one Redis sign each document of a sign call once', async () => {
  const { socket } = await startRedis();
  const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 40, times: 1_000 });
  const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox;
  const job = { environment: { tokenUrl, apiUrl }, clientId, clientSecret, single: 30, redisUrl: socket };
  expect(await Promise.all([run(job), run(job)])).toEqual(Array(2).fill({ signed: 30, failures: [], warned: false }));
  const counts = Object.values(sandbox.admin.counts().signedByReference);
  expect([counts.length, Math.max(...counts)]).toEqual([30, 1]);
}, 60_000);

test('without Redis, the processes warn, look documents up first, and sign nothing twice', async () => {
  const { socket, server } = await startRedis();
  const sandbox = await testSandbox();
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 40, times: 1_000 });
  const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox;
  const job = { environment: { tokenUrl, apiUrl }, clientId, clientSecret, folder: invoices(60), redisUrl: socket };
  const reports = [run(job), run(job)];
  await vi.waitFor(() => expect(sandbox.admin.counts().documentsSigned).toBeGreaterThan(0), { timeout: 20_000 });
  server.kill('SIGKILL');
  for (const report of await Promise.all(reports)) expect(report).toEqual({ signed: 60, failures: [], warned: true });
  const counts = Object.values(sandbox.admin.counts().signedByReference);
  expect([counts.length, Math.max(...counts)]).toEqual([60, 1]);
}, 60_000);
