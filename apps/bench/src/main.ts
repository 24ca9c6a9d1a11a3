import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { carrying, type Standings } from './carrying.ts';
import { growth } from './growth.ts';
import { machine } from './machine.ts';
import { megabytes, ratio } from './statistics.ts';
import { type Goal, goalTable, markdown, type Result, type Table } from './tables.ts';
import { tokens } from './tokens.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
});
const quick = values.quick ?? false;
const runs = quick ? 1 : 5;

const throughput = ({ wire, json, handWritten }: Standings): Goal[] => {
  const times = json.ms / wire.ms;
  const faster = handWritten.ms / json.ms;
  const leaner = handWritten.peakRss / json.peakRss;
  return [
    { goal: 'within 1.15 × of the wire limit', measured: ratio(times), met: times <= 1.15 },
    {
      goal: '3 × the hand-written client’s throughput, or a third of its memory',
      measured: `${ratio(faster)} as fast, its memory ${ratio(leaner)} of ours`,
      met: faster >= 3 || leaner >= 3,
    },
  ];
};

const memory = ({ json, idle }: Standings): Goal[] => {
  const above = json.peakRss - idle.peakRss;
  return [
    {
      goal: 'the large request with less than 128 MB above an idle client',
      measured: megabytes(above),
      met: above < 128 * 1024 * 1024,
    },
  ];
};

const benches: Record<string, (work: string) => Promise<Result>> = {
  many: (work) =>
    carrying(work, {
      title: 'Many documents',
      count: quick ? 200 : 2_000,
      bytes: 204_800,
      batchSize: 50,
      concurrency: 4,
      runs,
      settings: {},
      goals: throughput,
    }),
  large: (work) =>
    carrying(work, {
      title: 'One large request',
      count: quick ? 2 : 25,
      bytes: 20 * 1024 * 1024,
      batchSize: 25,
      concurrency: 1,
      runs,
      settings: { maxRequestBytes: 1024 * 1024 * 1024 },
      goals: memory,
    }),
  tokens: (work) => tokens(work, { calls: quick ? 800 : 10_000, rounds: quick ? 3 : 15 }),
  growth: (work) => growth(work, { counts: quick ? [100, 1_000] : [100, 1_000, 10_000, 50_000], bytes: 20_480, runs }),
};

const tables: Table[] = [];
const goals: Goal[] = [];
const show = (table: Table) => {
  tables.push(table);
  if (!values.json) console.log(`${markdown(table)}\n`);
};
if (!values.json) console.log(`${machine()}\n`);
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
if (values.json) console.log(JSON.stringify({ machine: machine(), tables }, null, 2));
