import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDocuments } from './documents.ts';
import { interleave } from './interleave.ts';
import { runClient, startSink } from './processes.ts';
import { percent, ratio } from './statistics.ts';
import type { Result } from './tables.ts';

/** The batch size that larger ones are compared with. */
const baseCount = 1_000;

/** Time per document and peak memory as a batch grows; both must stay flat. */
export async function growth(
  work: string,
  { counts, bytes, runs }: { counts: number[]; bytes: number; runs: number },
): Promise<Result> {
  const documents = makeDocuments(join(work, 'documents'), 100, bytes);
  const sink = await startSink(bytes);
  const signMany = (count: number) => async () => {
    const output = join(work, 'output');
    mkdirSync(output);
    const job = { url: sink.url, documents, output, batchSize: 50, concurrency: 4, settings: { repeat: count } };
    const result = await runClient('ours', job);
    rmSync(output, { recursive: true });
    if ('failed' in result) throw new Error(result.failed);
    return { ms: result.ms / count, peakRss: result.peakRss };
  };
  try {
    const contenders = counts.map((count) => ({ name: String(count), run: signMany(count) }));
    const stats = await interleave(contenders, runs);
    const base = stats.get(String(baseCount));
    if (!base) throw new RangeError(`${baseCount} documents were not measured.`);
    const measured = [...stats].map(([count, own]) => ({
      count: Number(count),
      time: own.ms / base.ms,
      spread: own.spread,
      memory: own.peakRss / base.peakRss,
    }));
    const grown = measured.filter(({ count }) => count > baseCount);
    const worst = Math.max(...grown.flatMap(({ time, memory }) => [time, memory]));
    return {
      table: {
        title: 'Growth',
        columns: ['documents', `time per document, ${baseCount} = 1`, 'spread', `peak memory, ${baseCount} = 1`],
        rows: measured.map(({ count, time, spread, memory }) => [
          String(count),
          ratio(time),
          `± ${percent(spread)}`,
          ratio(memory),
        ]),
        notes: [
          `Documents of ${bytes} bytes, 50 per request, 4 concurrent requests; medians of ${runs} interleaved runs.`,
        ],
      },
      goals:
        grown.length === 0
          ? []
          : [
              {
                goal: `time per document and peak memory ≤ 1.25 × those of ${baseCount} documents`,
                measured: ratio(worst),
                met: worst <= 1.25,
              },
            ],
    };
  } finally {
    await sink.stop();
    rmSync(join(work, 'documents'), { recursive: true });
  }
}
