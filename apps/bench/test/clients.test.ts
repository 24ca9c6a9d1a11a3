import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeDocuments } from '../src/documents.ts';
import type { Settings } from '../src/job.ts';
import { compileNative, runNative } from '../src/native.ts';
import { type ClientName, runClient, startSink } from '../src/processes.ts';
import { curlPosts, prepareBodies } from '../src/wire-limit.ts';

const bytes = 5_000;

function workFolder(): string {
  const work = mkdtempSync(join(tmpdir(), 'signstash-bench-test-'));
  onTestFinished(() => rmSync(work, { recursive: true }));
  mkdirSync(join(work, 'output'));
  return work;
}

async function sink() {
  const started = await startSink(bytes);
  onTestFinished(() => started.stop());
  return started;
}

/** The output is the document itself, followed by a signature whose ranges cover all of it and have the digest it states. */
function expectSigned(work: string, index: number) {
  const original = readFileSync(join(work, 'documents', `${index}.pdf`));
  const output = readFileSync(join(work, 'output', `${index}.pdf`));
  expect(output.subarray(0, original.length).equals(original), `document ${index} begins with its original`).toBe(true);
  const [, end = 0, start = 0, rest = 0] = (/\/ByteRange\s*\[([\d\s]+)\]/.exec(output.toString('latin1'))?.[1] ?? '')
    .trim()
    .split(/\s+/)
    .map(Number);
  expect(start + rest).toBe(output.length);
  const digest = createHash('sha256').update(output.subarray(0, end)).update(output.subarray(start)).digest('hex');
  expect(output.toString('latin1', end, start).toLowerCase()).toContain(digest);
}

test.each<[ClientName, Settings?]>([
  ['ours'],
  ['ours', { format: 'multipart' }],
  ['ours', { durable: true, journal: true }],
  ['hand-written'],
  ['naive'],
])('%s %o signs every document at the sink and saves its own content', async (client, settings = {}) => {
  const work = workFolder();
  const documents = makeDocuments(join(work, 'documents'), 20, bytes);
  const { url, counts } = await sink();
  const job = { url, documents, output: join(work, 'output'), batchSize: 6, concurrency: 2, settings };
  const result = await runClient(client, job);
  const numbers = { ms: expect.any(Number), cpuMs: expect.any(Number), peakRss: expect.any(Number) };
  expect(result).toMatchObject({ documents: 20, ...numbers });
  for (let index = 0; index < 20; index++) {
    expectSigned(work, index);
  }
  const requests = client === 'naive' ? 20 : 4;
  expect(await counts()).toEqual({ documents: 20, requests, tokens: client === 'naive' ? 20 : 1 });
});

test.each(['json', 'multipart'] as const)('the native client signs every document by %s', async (format) => {
  const work = workFolder();
  const native = compileNative(work);
  // Without a compiler, the benchmark reports that it skips this client.
  if ('missing' in native) return expect(native.missing).toContain('cannot be compiled');
  const documents = makeDocuments(join(work, 'documents'), 20, bytes);
  const { url, counts } = await sink();
  const job = { url, documents, output: join(work, 'output'), batchSize: 6, concurrency: 2 };
  expect(await runNative(native.path, format, job)).toMatchObject({ documents: 20 });
  for (let index = 0; index < 20; index++) expectSigned(work, index);
  expect(await counts()).toEqual({ documents: 20, requests: 4, tokens: 0 });
});

test('a look-up before signing finds no document at the sink', async () => {
  const work = workFolder();
  const documents = makeDocuments(join(work, 'documents'), 20, bytes);
  const { url, counts } = await sink();
  const settings = { lookUpFirst: true, hashed: true };
  const job = { url, documents, output: join(work, 'output'), batchSize: 10, concurrency: 2, settings };
  expect(await runClient('ours', job)).toMatchObject({ documents: 20 });
  expect(await counts()).toEqual({ documents: 20, requests: 2 + 20, tokens: 1 });
});

test.each(['json', 'multipart'] as const)('curl posts prepared %s that the sink understands', async (format) => {
  const folder = workFolder();
  const documents = makeDocuments(join(folder, 'documents'), 20, bytes);
  const { url, counts } = await sink();
  const bodies = await prepareBodies(format, { documents, batchSize: 6, folder });
  expect(await curlPosts(url, bodies, 2)).toBeGreaterThan(0);
  expect(await counts()).toEqual({ documents: 20, requests: 4, tokens: 0 });
});

test('a client that fails is reported, not measured', async () => {
  const { url } = await sink();
  const result = await runClient('ours', {
    url,
    documents: ['/no/such.pdf'],
    output: '/tmp',
    batchSize: 1,
    concurrency: 1,
  });
  expect(result).toEqual({ failed: expect.stringContaining('ValidationError') });
});
