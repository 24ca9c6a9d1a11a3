import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { MemoryReferenceLock } from '../../src/adapter-node.ts';
import { folderResultStore, onPremise, type ReferenceLock } from '../../src/index.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, testSandbox } from '../support/sandbox-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Signs a repeated reference again and slowly, so that nothing but the lock keeps a document from being signed twice. */
async function slowSandbox() {
  const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 50, times: 1_000 });
  return sandbox;
}

const pdf = minimalPdf('Fatura');

it.each([
  ['a given reference', { reference: 'FT-1' }],
  ['a reference derived from the content', {}],
])('two clients of one process sign a document with %s once, and both get it', async (_, options) => {
  const sandbox = await slowSandbox();
  const sign = () => clientOf(sandbox, { lookUpFirst: false }).sign(pdf, options);
  const [first, second] = await Promise.all([sign(), sign()]);
  expect([first.recovered, second.recovered].sort()).toEqual([false, true]);
  expect(second.content).toEqual(first.content);
  const { documentsSigned, requests } = sandbox.admin.counts();
  expect([documentsSigned, requests.sign]).toEqual([1, 1]);
});

it('signMany signs what is free at once, waits for the rest, and keeps the order', async () => {
  const sandbox = await slowSandbox();
  const signstash = clientOf(sandbox, { lookUpFirst: false });
  const documents = (...numbers: number[]) =>
    numbers.map((number) => ({ content: minimalPdf(`${number}`), reference: `FT-${number}` }));
  const [first, second] = await Promise.all([
    signstash.signMany(documents(1, 2, 3)),
    signstash.signMany(documents(4, 3, 1, 5)),
  ]);
  expect(first.map(({ ok, reference }) => [ok, reference])).toEqual([
    [true, 'FT-1'],
    [true, 'FT-2'],
    [true, 'FT-3'],
  ]);
  expect(second.map((result) => [result.reference, result.ok && result.recovered])).toEqual([
    ['FT-4', false],
    ['FT-3', true],
    ['FT-1', true],
    ['FT-5', false],
  ]);
  expect(sandbox.admin.counts().signedByReference).toEqual({ 'FT-1': 1, 'FT-2': 1, 'FT-3': 1, 'FT-4': 1, 'FT-5': 1 });
});

it('sign and signAll of one process keep each other from signing a document twice', async () => {
  const sandbox = await slowSandbox();
  const signstash = clientOf(sandbox, { lookUpFirst: false });
  const batch = async () => {
    const documents = [{ content: pdf, reference: 'FT-1' }];
    for await (const result of signstash.signAll(documents, { inMemory: true })) return result;
  };
  const [single, result] = await Promise.all([signstash.sign(pdf, { reference: 'FT-1' }), batch()]);
  expect([single.ok, result?.ok]).toEqual([true, true]);
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});

it('signAll uses the lock of its client unless it has its own', async () => {
  const sandbox = await testSandbox();
  const acquire = vi.fn((keys: readonly string[]) => new MemoryReferenceLock().acquire(keys));
  const own = vi.fn((keys: readonly string[]) => new MemoryReferenceLock().acquire(keys));
  const signstash = clientOf(sandbox, { referenceLock: { acquire } });
  const signAll = async (options = {}) => {
    for await (const { ok } of signstash.signAll([{ content: pdf }], { inMemory: true, ...options }))
      expect(ok).toBe(true);
  };
  await signAll();
  expect([acquire.mock.calls.length, own.mock.calls.length]).toEqual([1, 0]);
  await signAll({ referenceLock: { acquire: own } });
  expect([acquire.mock.calls.length, own.mock.calls.length]).toEqual([1, 1]);
});

it('a document that stays locked elsewhere fails with REFERENCE_LOCKED, the others are signed', async () => {
  const sandbox = await testSandbox();
  const lock = new MemoryReferenceLock();
  await lock.acquire([`${sandbox.tokenUrl} FT-1`]);
  const signstash = clientOf(sandbox, { referenceLock: lock, referenceLockWaitMs: 0 });
  const results = await signstash.signMany([
    { content: pdf, reference: 'FT-1', name: 'one.pdf' },
    { content: pdf, reference: 'FT-2', name: 'two.pdf' },
  ]);
  expect(results).toMatchObject([
    { ok: false, reference: 'FT-1', error: { code: 'REFERENCE_LOCKED', document: 'one.pdf', references: ['FT-1'] } },
    { ok: true, reference: 'FT-2' },
  ]);
  expect(sandbox.admin.counts().signedByReference).toEqual({ 'FT-2': 1 });
});

it('a lease that is lost before the document is sent keeps it from being sent', async () => {
  const sandbox = await testSandbox();
  const lost: ReferenceLock = {
    acquire: async (keys) => ({ keys, isHeld: async () => false, release: async () => {} }),
  };
  await expect(clientOf(sandbox, { referenceLock: lost }).sign(pdf)).rejects.toMatchObject({
    code: 'REFERENCE_LOCKED',
  });
  expect(sandbox.admin.counts().requests.sign).toBe(0);
});

it('an abort ends the wait for someone else, and nothing is sent', async () => {
  const sandbox = await testSandbox();
  const stop = new AbortController();
  const acquire = vi.fn(async () => {
    if (acquire.mock.calls.length === 2) stop.abort(new Error('closed'));
    return { keys: [], isHeld: async () => true, release: async () => {} };
  });
  const signstash = clientOf(sandbox, { referenceLock: { acquire } });
  await expect(signstash.sign(pdf, { signal: stop.signal })).rejects.toMatchObject({
    code: 'ABORTED',
    cause: { message: 'closed' },
  });
  expect(sandbox.admin.counts().requests.sign).toBe(0);
});

it('a lock that cannot be reached is reported, and the document is looked up before it is sent', async () => {
  const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
  await clientOf(sandbox).sign(pdf, { reference: 'FT-1' });
  const warnings: string[] = [];
  const signstash = clientOf(sandbox, {
    lookUpFirst: false,
    referenceLock: { acquire: () => Promise.reject(new Error('connect ECONNREFUSED')) },
    hooks: { onWarning: ({ code, message }) => warnings.push(`${code}: ${message}`) },
  });
  expect(await signstash.sign(pdf, { reference: 'FT-1' })).toMatchObject({ recovered: true });
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
  expect(warnings).toEqual(['REFERENCE_LOCK_FAILED: The reference lock could not be reached: connect ECONNREFUSED']);
});

it('references are free again after a call, whether it succeeded or failed', async () => {
  const sandbox = await testSandbox();
  const lock = new MemoryReferenceLock();
  const signstash = clientOf(sandbox, { referenceLock: lock });
  await signstash.sign(pdf, { reference: 'FT-1' });
  await expect(signstash.sign(Buffer.from('no PDF'), { reference: 'FT-2', type: 'PAdES' })).rejects.toThrow();
  const keys = ['FT-1', 'FT-2'].map((reference) => `${sandbox.tokenUrl} ${reference}`);
  expect((await lock.acquire(keys)).keys).toEqual(keys);
});

it('through a proxy, the second of two clients is answered from the result store that both share', async () => {
  const sandbox = await slowSandbox();
  const { proxyUrl, tokenUrl } = sandbox;
  const resultStore = folderResultStore(temporaryFolder());
  const slowStore = {
    get: (reference: string) => resultStore.get(reference),
    set: async (...result: Parameters<typeof resultStore.set>) => {
      await new Promise((resolve) => setImmediate(resolve));
      await resultStore.set(...result);
    },
  };
  const environment = onPremise({ proxyUrl, authorizationServer: { tokenUrl } });
  const sign = () => clientOf(sandbox, { environment, resultStore: slowStore }).sign(pdf, { reference: 'FT-1' });
  const [first, second] = await Promise.all([sign(), sign()]);
  expect([first.recovered, second.recovered].sort()).toEqual([false, true]);
  expect(Buffer.from(second.content).equals(first.content)).toBe(true);
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});

it.each([
  ['referenceLockWaitMs', { referenceLockWaitMs: Number.NaN }],
  ['referenceLock', { referenceLock: {} as ReferenceLock }],
])('a wrong %s is refused when the client is made', async (setting, options) => {
  const sandbox = await testSandbox();
  expect(() => clientOf(sandbox, options)).toThrow(setting);
});

it('two processes with one lock directory sign each document once', async () => {
  const sandbox = await slowSandbox();
  const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox;
  const script = fileURLToPath(new URL('./support/locked-run.ts', import.meta.url));
  const job = { environment: { tokenUrl, apiUrl }, clientId, clientSecret, single: 30 };
  const locks = join(temporaryFolder(), 'locks');
  const start = (): ChildProcess => {
    const child = fork(script, [JSON.stringify({ ...job, locks })], {
      execArgv: ['--conditions=@signstash-connect/source'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    return child;
  };
  const reports = await Promise.all([start(), start()].map(async (child) => (await once(child, 'message'))[0]));
  expect(reports).toEqual(Array(2).fill({ signed: 30, failures: [] }));
  const counts = Object.values(sandbox.admin.counts().signedByReference);
  expect([counts.length, Math.max(...counts)]).toEqual([30, 1]);
}, 60_000);
