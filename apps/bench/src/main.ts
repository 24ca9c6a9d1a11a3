import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { growth } from './growth.ts';
import { manyDocuments } from './many-documents.ts';
import { markdown, type Table } from './tables.ts';
import { tokens } from './tokens.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
});
const quick = values.quick ?? false;

const work = mkdtempSync(join(tmpdir(), 'signstash-bench-'));
const benches: Record<string, () => Promise<Table>> = {
  many: () =>
    manyDocuments(work, {
      title: 'Many documents',
      count: quick ? 200 : 2_000,
      bytes: 204_800,
      batchSize: 50,
      concurrency: 4,
      runs: quick ? 1 : 5,
      withUsual: true,
      settings: {},
    }),
  large: () =>
    manyDocuments(work, {
      title: 'One large request',
      count: quick ? 3 : 25,
      bytes: 20 * 1024 * 1024,
      batchSize: 25,
      concurrency: 1,
      runs: quick ? 1 : 5,
      withUsual: false,
      settings: { maxRequestBytes: 1024 * 1024 * 1024 },
    }),
  tokens: () => tokens(work, { calls: quick ? 800 : 10_000, rounds: quick ? 3 : 15 }),
  growth: () => growth(work, { counts: quick ? [100, 1_000] : [100, 1_000, 10_000, 50_000], bytes: 20_480 }),
};

try {
  const tables: Table[] = [];
  for (const [name, bench] of Object.entries(benches)) {
    if (values.only !== undefined && values.only !== name) continue;
    const table = await bench();
    tables.push(table);
    if (!values.json) console.log(`${markdown(table)}\n`);
  }
  if (values.json) console.log(JSON.stringify(tables, null, 2));
} finally {
  rmSync(work, { recursive: true, force: true });
}
