import { printed, runClient, type Sink, startSink } from './processes.ts';
import { hasRedis, startRedis } from './redis.ts';
import { median, ratio } from './statistics.ts';
import type { Goal, Result } from './tables.ts';

/** The sink's time to issue a token: long enough for every process to ask while the first one waits. Milliseconds. */
const tokenDelayMs = 100;
/** Until all processes are up. Milliseconds. */
const startDelayMs = 3_000;
const processCount = 8;

/** How many token requests many calls cost, alone and shared; and what core adds to a small call. */
export async function tokens(work: string, { calls, rounds }: { calls: number; rounds: number }): Promise<Result> {
  const sink = await startSink(1, tokenDelayMs);
  try {
    const alone = await tokenRequests(sink, () => callers(sink, { processes: 1, calls }));
    const shared = await sharedStore(work, sink, calls);
    const many = new Intl.NumberFormat('en').format(calls);
    const cases: [string, number | string][] = [
      [`${many} concurrent calls, 1 process`, alone],
      [`${many} concurrent calls, ${processCount} processes, one Redis`, shared],
    ];
    const overhead = JSON.parse(await printed('call-overhead', { url: sink.url }, String(rounds))) as Overhead[];
    return {
      table: {
        title: 'Tokens and calls',
        columns: ['case', 'result'],
        rows: [
          ...cases.map(([name, count]) => [name, typeof count === 'string' ? count : `${count} token request(s)`]),
          ...overhead.map(({ name, ours, theirs }) => [
            `a small call through core, ${name}, bare ky = 1`,
            ratio(median(ours) / median(theirs)),
          ]),
        ],
        notes: [`The sink takes ${tokenDelayMs} ms to issue a token; the processes begin at the same moment.`],
      },
      goals: cases.flatMap(([name, count]) => (typeof count === 'string' ? [] : [oneToken(name, count)])),
    };
  } finally {
    await sink.stop();
  }
}

/** Microseconds per call, one number per round. */
interface Overhead {
  name: string;
  ours: number[];
  theirs: number[];
}

const oneToken = (name: string, count: number): Goal => ({
  goal: `${name}: 1 token request`,
  measured: String(count),
  met: count === 1,
});

async function sharedStore(work: string, sink: Sink, calls: number): Promise<number | string> {
  if (!hasRedis()) return 'not run: redis-server is not installed';
  const redis = await startRedis(work);
  try {
    return await tokenRequests(sink, () => callers(sink, { processes: processCount, calls, socket: redis.socket }));
  } finally {
    await redis.stop();
  }
}

/** Lets processes share a number of calls, all at once. */
async function callers(
  sink: Sink,
  { processes, calls, socket = '' }: { processes: number; calls: number; socket?: string },
): Promise<void> {
  const start = Date.now() + startDelayMs;
  const one = () => runClient('token-calls', { url: sink.url }, String(calls / processes), String(start), socket);
  for (const result of await Promise.all(Array.from({ length: processes }, one))) {
    if ('failed' in result) throw new Error(result.failed);
  }
}

async function tokenRequests(sink: Sink, work: () => Promise<void>): Promise<number> {
  const before = (await sink.counts()).tokens;
  await work();
  return (await sink.counts()).tokens - before;
}
