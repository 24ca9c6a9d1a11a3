import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeDocuments } from '../src/documents.ts';
import { type ClientName, runClient, startSink } from '../src/processes.ts';
import { median } from '../src/statistics.ts';

test.each<ClientName>(['ours', 'hand-written', 'usual'])(
  '%s carries every document to the sink and back',
  async (client) => {
    const work = mkdtempSync(join(tmpdir(), 'signstash-bench-test-'));
    onTestFinished(() => rmSync(work, { recursive: true }));
    const output = join(work, 'output');
    mkdirSync(output);
    const documents = makeDocuments(join(work, 'documents'), 12, 5_000);
    const sink = await startSink(5_000);
    onTestFinished(() => sink.stop());
    const result = await runClient(client, { url: sink.url, documents, output, batchSize: 5, concurrency: 2 });
    expect(result).toMatchObject({ documents: 12, ms: expect.any(Number), peakRss: expect.any(Number) });
    const sealed = Buffer.alloc(5_000, '%PDF-1.7 sealed ');
    for (let index = 0; index < 12; index++)
      expect(readFileSync(join(output, `${index}.pdf`)).equals(sealed)).toBe(true);
    expect(await sink.counts()).toMatchObject({ documents: 12, tokens: client === 'usual' ? 12 : 1 });
  },
);

test('a client that fails is reported, not measured', async () => {
  const sink = await startSink(1);
  onTestFinished(() => sink.stop());
  const documents = ['/no/such/file.pdf'];
  const result = await runClient('ours', { url: sink.url, documents, output: '/tmp', batchSize: 1, concurrency: 1 });
  expect(result).toEqual({ failed: expect.stringContaining('ValidationError') });
});

test('medians', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
});
