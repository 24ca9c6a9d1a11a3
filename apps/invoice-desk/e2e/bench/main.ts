import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { invoice } from '../support/documents.ts';
import { runScript, type Script } from '../support/script.ts';

/** `res.signPdf` against a route written by hand, and its memory over many requests. All on loopback, bounded in time. */
const seconds = Number(process.env.BENCH_SECONDS ?? 6);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const connections = 16;
const memoryRequests = 10_000;

interface Measure {
  heapUsed: number;
  rss: number;
  external: number;
  delayP99: number;
  delayMean: number;
}
interface Round {
  perSecond: number;
  p50: number;
  p99: number;
  delayP99: number;
}

const folder = await mkdtemp(join(tmpdir(), 'invoice-desk-bench-'));
const scripts: Script[] = [];
try {
  const documentPath = join(folder, 'invoice.pdf');
  const document = await invoice('bench', { pages: 1, padding: 196_000 });
  await writeFile(documentPath, document);
  const sink = await start('e2e/bench/sink-server.ts', {});
  const ways = ['package', 'by-hand'] as const;
  const servers = Object.fromEntries(
    await Promise.all(
      ways.map(async (way) => {
        const env = { SINK: sink, WAY: way, DOCUMENT: documentPath, NODE_OPTIONS: '--expose-gc' };
        return [way, await start('e2e/bench/server.ts', env)] as const;
      }),
    ),
  ) as Record<(typeof ways)[number], string>;
  await Promise.all(ways.map((way) => compare(servers[way], document)));

  for (const way of ways) await load(servers[way], 2);
  const results: Record<string, Round[]> = { package: [], 'by-hand': [] };
  // Interleaved, so that load on the machine affects both.
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) results[way]!.push(await load(servers[way], seconds));
  }
  const median = (way: string, pick: (round: Round) => number) =>
    results[way]!.map(pick).sort((a, b) => a - b)[Math.floor(rounds / 2)]!;
  const rows: [string, (round: Round) => number][] = [
    ['requests a second', ({ perSecond }) => perSecond],
    ['p50, ms', ({ p50 }) => p50],
    ['p99, ms', ({ p99 }) => p99],
    ['event-loop delay p99, ms', ({ delayP99 }) => delayP99],
  ];
  console.log(
    `\nDocument ${document.byteLength} bytes, ${connections} connections, ${rounds} rounds of ${seconds} s, medians\n`,
  );
  console.log('| | res.signPdf | by hand | ratio |\n| --- | --- | --- | --- |');
  for (const [name, pick] of rows) {
    const [own, hand] = [median('package', pick), median('by-hand', pick)];
    console.log(`| ${name} | ${own.toFixed(1)} | ${hand.toFixed(1)} | ${(own / hand).toFixed(2)} |`);
  }
  await memory(servers.package);
} finally {
  await Promise.all(scripts.map((script) => script.kill()));
  await rm(folder, { recursive: true });
}

async function start(path: string, env: NodeJS.ProcessEnv): Promise<string> {
  const script = await runScript(path, env, /^Listening on /);
  scripts.push(script);
  return `http://127.0.0.1:${script.line.replace('Listening on ', '')}`;
}

/** A route with a wrong but fast answer must not win. */
async function compare(url: string, document: Uint8Array): Promise<void> {
  const answer = await fetch(url);
  const body = Buffer.from(await answer.arrayBuffer());
  if (answer.status !== 200 || !body.equals(document)) throw new Error(`${url} does not answer the document.`);
}

async function measure(url: string): Promise<Measure> {
  return (await (await fetch(`${url}/measure`, { method: 'POST' })).json()) as Measure;
}

async function load(url: string, duration: number): Promise<Round> {
  await measure(url);
  const { requests, latency, non2xx, errors } = await autocannon({ url, connections, duration });
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests failed.`);
  const { delayP99 } = await measure(url);
  return { perSecond: requests.average, p50: latency.p50, p99: latency.p99, delayP99 };
}

async function memory(url: string): Promise<void> {
  const steps = 5;
  const samples: Measure[] = [await measure(url)];
  for (let step = 0; step < steps; step++) {
    await autocannon({ url, connections, amount: memoryRequests / steps });
    samples.push(await measure(url));
  }
  const megabytes = (pick: (sample: Measure) => number) =>
    samples.map((sample) => (pick(sample) / 1e6).toFixed(1)).join(' ');
  const used = (sample: Measure) => sample.heapUsed + sample.external;
  console.log(`\nMemory over ${memoryRequests} requests, MB, after each ${memoryRequests / steps} and a collection`);
  console.log(
    `heap and buffers: ${megabytes(used)} (last to first: ${(used(samples.at(-1)!) / used(samples[0]!)).toFixed(2)})`,
  );
  console.log(
    `resident: ${megabytes(({ rss }) => rss)} (last to first: ${(samples.at(-1)!.rss / samples[0]!.rss).toFixed(2)})`,
  );
}
