import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { printed, runClient, startSink } from './processes.ts';
import { median } from './statistics.ts';
import type { Table } from './tables.ts';

/** How many token requests many calls cost, alone and shared; and what core adds to a small call. */
export async function tokens(work: string, { calls, rounds }: { calls: number; rounds: number }): Promise<Table> {
  const rows: string[][] = [];
  const sink = await startSink(1);
  try {
    await runClient('token-calls', { url: sink.url }, String(calls));
    rows.push([`${calls} calls at once, 1 process`, `${(await sink.counts()).tokens} token request`]);
    rows.push(...(await sharedStore(work, sink, calls)));
    const { ours, theirs } = JSON.parse(await printed('call-overhead', { url: sink.url }, String(rounds))) as Record<
      string,
      number[]
    >;
    const [core, bare] = [median(ours ?? []), median(theirs ?? [])];
    rows.push(['a small call through core, of bare ky’s', `${(core / bare).toFixed(2)} ×`]);
  } finally {
    await sink.stop();
  }
  return { title: 'Tokens and calls', columns: ['case', 'result'], rows, notes: [] };
}

async function sharedStore(
  work: string,
  sink: Awaited<ReturnType<typeof startSink>>,
  calls: number,
): Promise<string[][]> {
  const title = `${calls} calls at once, 8 processes, one Redis`;
  if (!hasRedis()) return [[title, 'not run: redis-server is not installed']];
  const port = await freePort();
  const redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', work], {
    stdio: 'ignore',
  });
  const gone = new Promise((resolve) => redis.once('exit', resolve));
  try {
    await sleep(500);
    const run = () => runClient('token-calls', { url: sink.url }, String(calls / 8), `redis://127.0.0.1:${port}`);
    const before = (await sink.counts()).tokens;
    const results = await Promise.all(Array.from({ length: 8 }, run));
    const failed = results.find((result) => 'failed' in result);
    if (failed && 'failed' in failed) return [[title, failed.failed]];
    return [[title, `${(await sink.counts()).tokens - before} token request(s)`]];
  } finally {
    redis.kill();
    await gone;
  }
}

function hasRedis(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
