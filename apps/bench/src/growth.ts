import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDocuments } from './documents.ts';
import { runClient, startSink } from './processes.ts';
import { ratio } from './statistics.ts';
import type { Table } from './tables.ts';

/** Time per document and peak memory as a batch grows: both must stay flat. */
export async function growth(work: string, { counts, bytes }: { counts: number[]; bytes: number }): Promise<Table> {
  const documents = makeDocuments(join(work, 'documents'), 100, bytes);
  const sink = await startSink(bytes);
  const measured: { count: number; each: number; peak: number }[] = [];
  try {
    for (const count of counts) {
      const output = join(work, 'output');
      mkdirSync(output);
      const result = await runClient('ours', {
        url: sink.url,
        documents,
        output,
        batchSize: 50,
        concurrency: 4,
        settings: { repeat: count },
      });
      rmSync(output, { recursive: true });
      if ('failed' in result) throw new Error(result.failed);
      measured.push({ count, each: result.ms / count, peak: result.peakRss });
    }
  } finally {
    await sink.stop();
    rmSync(join(work, 'documents'), { recursive: true });
  }
  const base = measured.find(({ count }) => count === 1_000) ?? measured[0];
  if (!base) throw new RangeError('No counts were given.');
  return {
    title: 'Growth',
    columns: ['documents', `time each, of ${base.count}’s`, `peak memory, of ${base.count}’s`],
    rows: measured.map(({ count, each, peak }) => [String(count), ratio(each / base.each), ratio(peak / base.peak)]),
    notes: [`Documents of ${bytes} bytes, 50 in a request, 4 requests at once, one run each.`],
  };
}
