import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDocuments } from './documents.ts';
import { type Contender, interleave, type Stats } from './in-turns.ts';
import type { Settings } from './job.ts';
import { type ClientName, runClient, startSink } from './processes.ts';
import { megabytes, percent, ratio } from './statistics.ts';
import type { Goal, Result } from './tables.ts';
import { curlPosts, prepareBodies } from './wire-limit.ts';

export interface Load {
  title: string;
  count: number;
  bytes: number;
  batchSize: number;
  concurrency: number;
  runs: number;
  settings: Settings;
  goals(standings: Standings): Goal[];
}

export interface Standings {
  wire: Stats;
  json: Stats;
  handWritten: Stats;
  idle: Stats;
}

const names = {
  wire: 'wire limit: curl, prepared JSON',
  wireMultipart: 'wire limit: curl, prepared multipart',
  json: 'ours: json',
  multipart: 'ours: multipart',
  durable: 'ours: json, durable',
  journal: 'ours: json, journal',
  cautious: 'ours: json, looked up first, references from content',
  handWritten: 'hand-written: one token, batches, JSON.stringify, axios',
  usual: 'usual: token and request for each document, fetch',
  idle: 'idle client',
};

/** Carries the same documents through ours, the baselines and curl. */
export async function carrying(work: string, load: Load): Promise<Result> {
  const { count, bytes, batchSize, concurrency, runs } = load;
  const documents = makeDocuments(join(work, 'documents'), count, bytes);
  const folder = join(work, 'bodies');
  mkdirSync(folder);
  const bodies = await prepareBodies('json', { documents, batchSize, folder });
  const multipartBodies = await prepareBodies('multipart', { documents, batchSize, folder });
  const sink = await startSink(bytes);
  const curl = (name: string, prepared: typeof bodies): Contender => ({
    name,
    run: async () => ({ ms: await curlPosts(sink.url, prepared, concurrency) }),
  });
  const client = (name: string, program: ClientName, settings?: Settings): Contender => ({
    name,
    run: async () => {
      const output = join(work, 'output');
      mkdirSync(output);
      const job = { url: sink.url, documents, output, batchSize, concurrency };
      const result = await runClient(program, settings ? { ...job, settings } : job);
      rmSync(output, { recursive: true });
      rmSync(join(work, 'journal.jsonl'), { force: true });
      return result;
    },
  });
  const ours = (name: string, more: Settings) => client(name, 'ours', { ...load.settings, ...more });
  try {
    const standings = await interleave(
      [
        curl(names.wire, bodies),
        curl(names.wireMultipart, multipartBodies),
        ours(names.json, {}),
        ours(names.multipart, { format: 'multipart' }),
        ours(names.durable, { durable: true }),
        ours(names.journal, { journal: true }),
        ours(names.cautious, { hashed: true, lookUpFirst: true }),
        client(names.handWritten, 'hand-written'),
        client(names.usual, 'usual'),
        client(names.idle, 'idle'),
      ],
      runs,
    );
    return report(load, standings);
  } finally {
    await sink.stop();
    rmSync(join(work, 'documents'), { recursive: true });
    rmSync(folder, { recursive: true });
  }
}

function report(load: Load, standings: ReadonlyMap<string, Stats>): Result {
  const of = (name: string) => standings.get(name) as Stats;
  const [wire, idle] = [of(names.wire), of(names.idle)];
  const rows = [...standings].map(([name, standing]) => {
    if (standing.failure !== undefined) return [name, `fails: ${standing.failure.slice(0, 60)}`, '', '', ''];
    const { ms, peakRss } = standing;
    const time = standing === idle ? ['', ''] : [ratio(ms / wire.ms), `± ${percent(standing.spread)}`];
    const memory = Number.isNaN(peakRss)
      ? ['', '']
      : [ratio(peakRss / idle.peakRss), megabytes(peakRss - idle.peakRss)];
    return [name, ...time, ...memory];
  });
  const { title, count, bytes, batchSize, concurrency, runs } = load;
  return {
    table: {
      title,
      columns: ['client', 'time, of the wire limit’s', 'spread', 'peak memory, of an idle client’s', 'above it'],
      rows,
      notes: [
        `${count} documents of ${bytes} bytes, ${batchSize} in a request (the usual client: 1), ${concurrency} ` +
          `${concurrency === 1 ? 'request' : 'requests'} at once (the usual client: 1); medians of ${runs} runs, in turns.`,
        'Ours, where not said otherwise: references given, not looked up first, no journal, not durable.',
      ],
    },
    goals: load.goals({ wire, idle, json: of(names.json), handWritten: of(names.handWritten) }),
  };
}
