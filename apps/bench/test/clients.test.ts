import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeDocuments } from '../src/documents.ts';
import type { Settings } from '../src/job.ts';
import { type ClientName, runClient, startSink } from '../src/processes.ts';
import { sealedContent } from '../src/sink/sealed-content.ts';
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

test.each<[ClientName, Settings?]>([
  ['ours'],
  ['ours', { format: 'multipart' }],
  ['ours', { durable: true, journal: true }],
  ['hand-written'],
  ['usual'],
])('%s %o carries every document to the sink and its own content back', async (client, settings = {}) => {
  const work = workFolder();
  const documents = makeDocuments(join(work, 'documents'), 20, bytes);
  const { url, counts } = await sink();
  const job = { url, documents, output: join(work, 'output'), batchSize: 6, concurrency: 2, settings };
  const result = await runClient(client, job);
  expect(result).toMatchObject({ documents: 20, ms: expect.any(Number), peakRss: expect.any(Number) });
  for (let index = 0; index < 20; index++) {
    const reference = client === 'ours' ? `bench-${index}` : `${index}.pdf`;
    const output = readFileSync(join(work, 'output', `${index}.pdf`));
    expect(output.equals(sealedContent(reference, bytes)), `content of ${reference}`).toBe(true);
  }
  const requests = client === 'usual' ? 20 : 4;
  expect(await counts()).toEqual({ documents: 20, requests, tokens: client === 'usual' ? 20 : 1 });
});

test('asked first, the sink knows no document', async () => {
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
