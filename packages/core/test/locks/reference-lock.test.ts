import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { MemoryReferenceLock } from '../../src/adapter-node.ts';
import { thisProcess } from '../../src/files/process-identity.ts';
import { type BatchResult, FileReferenceLock, onPremise, type ReferenceLock } from '../../src/index.ts';
import { abandonedLeaseMs } from '../../src/locks/reference-lock.ts';
import { withReferenceLock } from '../../src/locks/with-reference-lock.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, testSandbox } from '../support/sandbox-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { signAfterDeath } from './support/sign-after-death.ts';

const deadProcess = { ...thisProcess, pid: 99_999_999 };

async function collect(batch: AsyncIterable<BatchResult>): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  for await (const result of batch) results.push(result);
  return results;
}

const codes = (results: BatchResult[]) => new Set(results.map((result) => (result.ok ? 'ok' : result.error.code)));

function invoices(count: number): string {
  const folder = temporaryFolder();
  for (let index = 0; index < count; index++)
    writeFileSync(join(folder, `${index}.pdf`), minimalPdf(`Fatura ${index}`));
  return folder;
}

function start(job: object): ChildProcess {
  const script = fileURLToPath(new URL('./support/locked-run.ts', import.meta.url));
  const child = fork(script, [JSON.stringify(job)], { execArgv: ['--conditions=@signstash-connect/source'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

test.each([
  ['memory', () => new MemoryReferenceLock()],
  ['files', () => new FileReferenceLock({ directory: join(temporaryFolder(), 'locks') })],
] as [string, () => ReferenceLock][])('in %s, a key has one holder at a time', async (_, create) => {
  const lock = create();
  const first = await lock.acquire(['a', 'b']);
  const second = await lock.acquire(['b', 'c']);
  expect([first.keys, second.keys]).toEqual([['a', 'b'], ['c']]);
  expect([await first.isHeld(), await second.isHeld()]).toEqual([true, true]);
  await first.release();
  expect(await first.isHeld()).toBe(false);
  const third = await lock.acquire(['a', 'b', 'c']);
  expect(third.keys).toEqual(['a', 'b']);
  // A second release must not give back what someone else holds by then.
  await first.release();
  expect((await lock.acquire(['a', 'b'])).keys).toEqual([]);
});

test('lock files disappear with the last lease; those of dead processes with the first lease a day later', async () => {
  const directory = join(temporaryFolder(), 'locks');
  const lock = new FileReferenceLock({ directory });
  const leases = await Promise.all([lock.acquire(['a']), lock.acquire(['b'])]);
  expect(readdirSync(directory).filter((name) => name.endsWith('.lock'))).toHaveLength(2);
  for (const lease of leases) await lease.release();
  expect(readdirSync(directory)).toEqual([]);
  const dead = { id: 'abcdefabcdefabcd', ...deadProcess };
  const abandoned = join(directory, `${'0'.repeat(40)}.lock`);
  writeFileSync(abandoned, JSON.stringify(dead));
  writeFileSync(join(directory, '.signstash-lock-abcdefabcdefabcd.owner'), JSON.stringify(dead));
  await (await lock.acquire(['a'])).release();
  expect(readdirSync(directory)).toEqual([basename(abandoned)]);
  const before = new Date(Date.now() - abandonedLeaseMs - 1_000);
  utimesSync(abandoned, before, before);
  await (await lock.acquire(['a'])).release();
  expect(readdirSync(directory)).toEqual([]);
});

test('work runs at once for what is free and later for the rest; nothing is held while waiting', async () => {
  const lock = new MemoryReferenceLock();
  const other = await lock.acquire(['b']);
  const steps: unknown[] = [];
  const clock = {
    now: () => 0,
    sleep: async () => {
      steps.push((await lock.acquire(['a'])).keys);
      await other.release();
    },
  };
  const options = { waitMs: 1, onUnreachable: () => {}, clock };
  const left = await withReferenceLock(lock, ['a', 'b'], options, async ({ keys, contended, unprotected }) => {
    steps.push({ keys, contended, unprotected });
  });
  expect(left).toEqual([]);
  expect(steps).toEqual([
    { keys: ['a'], contended: false, unprotected: false },
    ['a'],
    { keys: ['b'], contended: true, unprotected: false },
  ]);
});

test('keys that another holder keeps for too long are returned, and no work is done for them', async () => {
  const lock = new MemoryReferenceLock();
  await lock.acquire(['a']);
  let now = 0;
  const clock = {
    now: () => now,
    sleep: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
  const work = vi.fn();
  const options = { waitMs: 5_000, onUnreachable: () => {}, clock };
  expect(await withReferenceLock(lock, ['a'], options, work)).toEqual(['a']);
  expect(work).not.toHaveBeenCalled();
  expect(now).toBeGreaterThanOrEqual(5_000);
});

test('two processes with one lock directory sign each document once, even with a service that signs repeated references', async () => {
  const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 40, times: 1_000 });
  const folder = invoices(60);
  const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox;
  const job = { environment: { tokenUrl, apiUrl }, clientId, clientSecret, folder, locks: join(folder, 'locks') };
  const processes = [start(job), start(job)];
  const reports = await Promise.all(processes.map(async (child) => (await once(child, 'message'))[0]));
  expect(reports).toEqual([
    { signed: 60, failures: [] },
    { signed: 60, failures: [] },
  ]);
  const counts = Object.values(sandbox.admin.counts().signedByReference);
  expect([counts.length, Math.max(...counts)]).toEqual([60, 1]);
  expect(readdirSync(folder).filter((name) => name.endsWith('-signed.pdf'))).toHaveLength(60);
  expect(readdirSync(join(folder, 'locks'))).toEqual([]);
}, 60_000);

test('documents of a process that is killed while it signs them are recovered by another one', async () => {
  const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'after', delayMs: 200, times: 1_000 });
  const folder = invoices(20);
  const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox;
  const job = { environment: { tokenUrl, apiUrl }, clientId, clientSecret, folder, locks: join(folder, 'locks') };
  const [first, second] = [start(job), start(job)];
  const report = once(second, 'message');
  await vi.waitFor(() => expect(sandbox.admin.counts().documentsSigned).toBeGreaterThan(0), { timeout: 20_000 });
  first.kill('SIGKILL');
  const [{ signed }] = await report;
  const counts = Object.values(sandbox.admin.counts().signedByReference);
  expect([signed, counts.length, Math.max(...counts)]).toEqual([20, 20, 1]);
}, 60_000);

test('a key is abandoned if its holder died, also after another first lease in the directory, and until it is given back', async () => {
  const directory = join(temporaryFolder(), 'locks');
  await new FileReferenceLock({ directory, identity: deadProcess }).acquire(['a']);
  const lock = new FileReferenceLock({ directory });
  await (await lock.acquire(['unrelated'])).release();
  const lease = await lock.acquire(['a', 'b']);
  expect([lease.keys, lease.abandoned]).toEqual([['a', 'b'], ['a']]);
  await lease.release();
  expect((await lock.acquire(['a', 'b'])).abandoned).toEqual([]);
});

test('only documents of a dead holder are treated as sent', async () => {
  const directory = join(temporaryFolder(), 'locks');
  await new FileReferenceLock({ directory, identity: deadProcess }).acquire(['a']);
  const work = vi.fn(async () => {});
  const options = { waitMs: 1, onUnreachable: () => {} };
  await withReferenceLock(new FileReferenceLock({ directory }), ['a', 'b'], options, work);
  expect(work.mock.calls).toMatchObject([[{ keys: ['b'], contended: false }], [{ keys: ['a'], contended: true }]]);
});

test('a request of a dead process that the service registers late is found, not sent a second time', async () => {
  const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
  const folder = invoices(3);
  const directory = join(folder, 'locks');
  await signAfterDeath(sandbox, folder, {
    dead: new FileReferenceLock({ directory, identity: deadProcess }),
    successor: new FileReferenceLock({ directory }),
  });
});

test('a lock that cannot be reached is reported, and documents are looked up before they are sent', async () => {
  const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
  const folder = invoices(3);
  await collect(clientOf(sandbox).signAll(`${folder}/*.pdf`, { outputDirectory: join(folder, 'first') }));
  const warnings: string[] = [];
  const signstash = clientOf(sandbox, {
    hooks: { onWarning: ({ code, message }) => warnings.push(`${code}: ${message}`) },
  });
  const broken: ReferenceLock = {
    acquire: () => Promise.reject(new Error('connect ECONNREFUSED')),
  };
  const options = { outputDirectory: join(folder, 'out'), referenceLock: broken, lookUpFirst: false };
  const results = await collect(signstash.signAll(`${folder}/*.pdf`, options));
  expect(results.map((result) => result.ok && result.recovered)).toEqual([true, true, true]);
  expect(sandbox.admin.counts().documentsSigned).toBe(3);
  expect(warnings).toEqual(['REFERENCE_LOCK_FAILED: The reference lock could not be reached: connect ECONNREFUSED']);
});

test('documents whose lease is lost before they are sent are not sent', async () => {
  const sandbox = await testSandbox();
  const lost: ReferenceLock = {
    acquire: async (keys) => ({ keys, isHeld: async () => false, release: async () => {} }),
  };
  const options = { referenceLock: lost };
  const results = await collect(clientOf(sandbox).signAll(`${invoices(2)}/*.pdf`, options));
  expect(codes(results)).toEqual(new Set(['REFERENCE_LOCKED']));
  expect(sandbox.admin.counts().documentsSigned).toBe(0);
});

test('documents that another process holds are given up after the limit, and looked for no longer once the batch stops', async () => {
  const sandbox = await testSandbox();
  const held: ReferenceLock = {
    acquire: async () => ({ keys: [], isHeld: async () => true, release: async () => {} }),
  };
  const folder = invoices(2);
  const options = { referenceLock: held, referenceLockWaitMs: 10 };
  const results = await collect(clientOf(sandbox).signAll(`${folder}/*.pdf`, options));
  expect(codes(results)).toEqual(new Set(['REFERENCE_LOCKED']));
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  const stopped = clientOf(sandbox).signAll(`${folder}/*.pdf`, { referenceLock: held, signal: stop.signal });
  await expect(collect(stopped)).rejects.toMatchObject({ code: 'ABORTED' });
  expect(sandbox.admin.counts().documentsSigned).toBe(0);
});

test('two batches of one process never sign a document at the same time, without any setting', async () => {
  const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 50, times: 100 });
  const folder = invoices(10);
  const run = () => collect(clientOf(sandbox).signAll(`${folder}/*.pdf`, { lookUpFirst: false }));
  const results = await Promise.all([run(), run()]);
  expect(codes(results.flat())).toEqual(new Set(['ok']));
  expect(sandbox.admin.counts().documentsSigned).toBe(10);
});

test('through a proxy without look-ups, contended documents are not sent again', async () => {
  const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
  const { proxyUrl, tokenUrl } = sandbox;
  const environment = onPremise({ proxyUrl, authorizationServer: { tokenUrl } });
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 50, times: 100 });
  const folder = invoices(3);
  const run = (outputDirectory: string) =>
    collect(clientOf(sandbox, { environment }).signAll(`${folder}/*.pdf`, { outputDirectory }));
  const [first, second] = await Promise.all([run(join(folder, 'a')), run(join(folder, 'b'))]);
  expect([...codes(first), ...codes(second)].sort()).toEqual(['OUTCOME_UNKNOWN', 'ok']);
  expect(sandbox.admin.counts().documentsSigned).toBe(3);
});
