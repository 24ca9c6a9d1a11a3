import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDocuments } from './documents.ts';
import { type Contender, interleave, type Stats } from './interleave.ts';
import type { Settings } from './job.ts';
import { compileNative, runNative } from './native.ts';
import { type ClientName, runClient, runCommandLine, startSink } from './processes.ts';
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
  goals(stats: LoadStats): Goal[];
}

/** Measurements that goals refer to; undefined for the native clients where they cannot be compiled. */
export interface LoadStats {
  wire: Stats;
  native: Stats | undefined;
  nativeMultipart: Stats | undefined;
  json: Stats;
  multipart: Stats;
  unchecked: Stats;
  handWritten: Stats;
  idle: Stats;
}

const names = {
  wire: 'wire limit: curl, prepared JSON',
  wireMultipart: 'wire limit: curl, prepared multipart',
  native: 'same work in C: JSON',
  nativeMultipart: 'same work in C: multipart',
  json: 'signAll: JSON',
  multipart: 'signAll: multipart',
  unchecked: 'signAll: JSON, content check off',
  durable: 'signAll: JSON, durable',
  journal: 'signAll: JSON, journal',
  lookUpFirst: 'signAll: JSON, look-up first, references from content',
  commandLine: 'command line: signstash sign, the whole process',
  handWritten: 'hand-written: one token, batches, JSON.stringify, axios',
  naive: 'naive: token and request per document, fetch',
  idle: 'idle client',
};

/** Signs the same documents with core, with the baselines and with curl. */
export async function throughput(work: string, load: Load): Promise<Result> {
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
  /** Runs a client with an empty output folder. */
  const inFolder = async <T>(run: (job: Parameters<typeof runNative>[2]) => Promise<T>): Promise<T> => {
    const output = join(work, 'output');
    mkdirSync(output);
    try {
      return await run({ url: sink.url, documents, output, batchSize, concurrency });
    } finally {
      rmSync(output, { recursive: true });
      rmSync(join(work, 'journal.jsonl'), { force: true });
    }
  };
  const client = (name: string, program: ClientName, settings?: Settings): Contender => ({
    name,
    run: () => inFolder((job) => runClient(program, settings ? { ...job, settings } : job)),
  });
  const ours = (name: string, more: Settings) => client(name, 'ours', { ...load.settings, ...more });
  const native = compileNative(work);
  const sameWork = (name: string, format: 'json' | 'multipart'): Contender[] =>
    'path' in native ? [{ name, run: () => inFolder((job) => runNative(native.path, format, job)) }] : [];
  try {
    const stats = await interleave(
      [
        curl(names.wire, bodies),
        curl(names.wireMultipart, multipartBodies),
        ...sameWork(names.native, 'json'),
        ...sameWork(names.nativeMultipart, 'multipart'),
        ours(names.json, {}),
        ours(names.multipart, { format: 'multipart' }),
        ours(names.unchecked, { contentCheck: false }),
        ours(names.durable, { durable: true }),
        ours(names.journal, { journal: true }),
        ours(names.lookUpFirst, { hashed: true, lookUpFirst: true }),
        { name: names.commandLine, run: () => inFolder(runCommandLine) },
        client(names.handWritten, 'hand-written'),
        client(names.naive, 'naive'),
        client(names.idle, 'idle'),
      ],
      runs,
    );
    return report(load, stats, 'missing' in native ? [native.missing] : []);
  } finally {
    await sink.stop();
    rmSync(join(work, 'documents'), { recursive: true });
    rmSync(folder, { recursive: true });
  }
}

function report(load: Load, all: ReadonlyMap<string, Stats>, notes: readonly string[]): Result {
  const required = (name: string) => all.get(name) as Stats;
  const [wire, idle] = [required(names.wire), required(names.idle)];
  const native = all.get(names.native);
  const { title, count, bytes, batchSize, concurrency, runs } = load;
  const cell = (value: number, format: (value: number) => string) => (Number.isNaN(value) ? '' : format(value));
  const rows = [...all].map(([name, stats]) => {
    if (stats.failure !== undefined) return [name, `fails: ${stats.failure.slice(0, 60)}`, '', '', '', ''];
    const { ms, cpuMs, peakRss } = stats;
    const memory = cell(peakRss - idle.peakRss, megabytes);
    if (stats === idle) return [name, '', '', '', '', memory];
    return [
      name,
      ratio(ms / wire.ms),
      native ? ratio(ms / native.ms) : '',
      `± ${percent(stats.spread)}`,
      cell(cpuMs / count, (value) => `${value.toFixed(2)} ms`),
      memory,
    ];
  });
  return {
    table: {
      title,
      columns: [
        'client',
        'time, wire limit = 1',
        'time, same work in C = 1',
        'spread',
        'CPU per document',
        'memory above idle',
      ],
      rows,
      notes: [
        `${count} documents of ${bytes} bytes, ${batchSize} per request (naive client: 1), ${concurrency} concurrent ` +
          `${concurrency === 1 ? 'request' : 'requests'} (naive client: 1); medians of ${runs} interleaved runs.`,
        'signAll, unless stated otherwise: references given, no look-up first, no journal, not durable, content check on.',
        ...notes,
      ],
    },
    goals: load.goals({
      wire,
      idle,
      native,
      nativeMultipart: all.get(names.nativeMultipart),
      json: required(names.json),
      multipart: required(names.multipart),
      unchecked: required(names.unchecked),
      handWritten: required(names.handWritten),
    }),
  };
}
