import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDocuments } from './documents.ts';
import { interleave } from './in-turns.ts';
import { runClient, startSink } from './processes.ts';
import { percent, ratio } from './statistics.ts';
import type { Result } from './tables.ts';

/** From so many documents on, nothing may grow any more. */
const flatFrom = 1_000;

/** Time per document and peak memory as a batch grows: both must stay flat. */
export async function growth(
  work: string,
  { counts, bytes, runs }: { counts: number[]; bytes: number; runs: number },
): Promise<Result> {
  const documents = makeDocuments(join(work, 'documents'), 100, bytes);
  const sink = await startSink(bytes);
  const sealMany = (count: number) => async () => {
    const output = join(work, 'output');
    mkdirSync(output);
    const job = { url: sink.url, documents, output, batchSize: 50, concurrency: 4, settings: { repeat: count } };
    const result = await runClient('ours', job);
    rmSync(output, { recursive: true });
    if ('failed' in result) throw new Error(result.failed);
    return { ms: result.ms / count, peakRss: result.peakRss };
  };
  try {
    const contenders = counts.map((count) => ({ name: String(count), run: sealMany(count) }));
    const standings = await interleave(contenders, runs);
    const base = standings.get(String(flatFrom));
    if (!base) throw new RangeError(`${flatFrom} documents were not measured.`);
    const measured = [...standings].map(([count, standing]) => ({
      count: Number(count),
      time: standing.ms / base.ms,
      spread: standing.spread,
      memory: standing.peakRss / base.peakRss,
    }));
    const grown = measured.filter(({ count }) => count > flatFrom);
    const worst = Math.max(...grown.flatMap(({ time, memory }) => [time, memory]));
    return {
      table: {
        title: 'Growth',
        columns: ['documents', `time each, of ${flatFrom}’s`, 'spread', `peak memory, of ${flatFrom}’s`],
        rows: measured.map(({ count, time, spread, memory }) => [
          String(count),
          ratio(time),
          `± ${percent(spread)}`,
          ratio(memory),
        ]),
        notes: [`Documents of ${bytes} bytes, 50 in a request, 4 requests at once; medians of ${runs} runs, in turns.`],
      },
      goals:
        grown.length === 0
          ? []
          : [
              {
                goal: `time each and peak memory flat within 10 % from ${flatFrom} documents up`,
                measured: ratio(worst),
                met: worst <= 1.1,
              },
            ],
    };
  } finally {
    await sink.stop();
    rmSync(join(work, 'documents'), { recursive: true });
  }
}
