import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { capacity } from './capacity.ts';
import { expressRoutes } from './express.ts';
import { growth } from './growth.ts';
import type { Stats } from './interleave.ts';
import { machine } from './machine.ts';
import { page } from './page.ts';
import { startUp } from './start-up.ts';
import { ratio } from './statistics.ts';
import { type Goal, goalTable, markdown, type Result, type Table } from './tables.ts';
import { type LoadStats, throughput } from './throughput.ts';
import { tokens } from './tokens.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    quick: { type: 'boolean' },
    only: { type: 'string' },
    /** Writes the documentation's page. */
    write: { type: 'boolean' },
  },
});
if (values.write && values.only !== undefined) throw new Error('--write needs all tables: run it without --only.');
const quick = values.quick ?? false;
const runs = quick ? 1 : 5;

/** A ratio that must not be exceeded; undefined where its baseline could not be measured. */
const atMost = (goal: string, value: number | undefined, limit: number): Goal[] =>
  value === undefined ? [] : [{ goal: `${goal} ≤ ${ratio(limit)}`, measured: ratio(value), met: value <= limit }];

const memoryAboveIdle = (goal: string, stats: Stats, idle: Stats, limit: number): Goal => {
  const above = (stats.peakRss - idle.peakRss) / 1024 / 1024;
  return { goal: `${goal} ≤ ${limit} MB above idle`, measured: `${Math.round(above)} MB`, met: above <= limit };
};

const manyGoals = ({ native, nativeMultipart, json, multipart, unchecked, idle }: LoadStats): Goal[] => [
  ...atMost('signAll, JSON: time of the same work in C', native && json.ms / native.ms, 2),
  ...atMost(
    'signAll, multipart: time of the same work in C',
    nativeMultipart && multipart.ms / nativeMultipart.ms,
    1.7,
  ),
  ...atMost('signAll, JSON: CPU of the same work in C', native && json.cpuMs / native.cpuMs, 2.5),
  ...atMost('content check: time of signAll without it', json.ms / unchecked.ms, 1.1),
  memoryAboveIdle('signAll, JSON: peak memory', json, idle, 60),
];

const largeGoals = ({ json, idle }: LoadStats): Goal[] => [
  memoryAboveIdle('one request of 500 MB: peak memory', json, idle, 64),
];

const benches: Record<string, (work: string) => Promise<Result>> = {
  many: (work) =>
    throughput(work, {
      title: 'Many documents',
      count: quick ? 200 : 2_000,
      bytes: 204_800,
      batchSize: 50,
      concurrency: 4,
      runs,
      settings: {},
      goals: manyGoals,
    }),
  large: (work) =>
    throughput(work, {
      title: 'One large request',
      count: quick ? 2 : 25,
      bytes: 20 * 1024 * 1024,
      batchSize: 25,
      concurrency: 1,
      runs: quick ? 1 : 3,
      settings: { maxRequestBytes: 1024 * 1024 * 1024 },
      goals: largeGoals,
    }),
  tokens: (work) => tokens(work, { calls: quick ? 800 : 10_000, rounds: quick ? 3 : 15 }),
  express: (work) => expressRoutes(work, { bytes: 204_800, runs: quick ? 3 : 5, requests: quick ? 300 : 2_000 }),
  'start-up': (work) => startUp(work, { runs: quick ? 5 : 20 }),
  capacity: (work) => capacity(work, { bytes: 204_800, quick }),
  growth: (work) => growth(work, { counts: quick ? [100, 1_000] : [1_000, 50_000], bytes: 2_048, runs: quick ? 1 : 2 }),
};

const tables: Table[] = [];
const goals: Goal[] = [];
const show = (table: Table) => {
  tables.push(table);
  if (!values.json) console.log(`${markdown(table)}\n`);
};
const measuredOn = machine();
if (!values.json) console.log(`${measuredOn}\n`);
for (const [name, bench] of Object.entries(benches)) {
  if (values.only !== undefined && values.only !== name) continue;
  const work = mkdtempSync(join(tmpdir(), 'signstash-bench-'));
  try {
    const result = await bench(work);
    show(result.table);
    goals.push(...result.goals);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
show(goalTable(goals));
if (values.json) console.log(JSON.stringify({ machine: measuredOn, tables }, null, 2));
if (values.write) {
  writeFileSync(
    new URL('../../docs/benchmarks.md', import.meta.url),
    page({ machine: measuredOn, quick, tables, goals }),
  );
}
