import { join } from 'node:path';
import autocannon from 'autocannon';
import { makeDocuments } from './documents.ts';
import { startServer, startSink } from './processes.ts';
import { median, ratio } from './statistics.ts';
import type { Result } from './tables.ts';

const connections = 16;

interface Round {
  perSecond: number;
  p50: number;
  p99: number;
  /** 99th percentile of the event-loop delay. Milliseconds. */
  delay: number;
}

/** `res.signPdf` against a route written by hand. */
export async function expressRoutes(
  work: string,
  { bytes, runs, requests }: { bytes: number; runs: number; requests: number },
): Promise<Result> {
  const documents = makeDocuments(join(work, 'documents'), 1, bytes);
  const sink = await startSink(bytes);
  const start = (way: string) =>
    startServer('./clients/express-server.ts', JSON.stringify({ url: sink.url, documents }), way);
  const [own, hand] = await Promise.all([start('signPdf'), start('by-hand')]);
  try {
    await compare(own.url, hand.url, bytes);
    const rounds = { own: [] as Round[], hand: [] as Round[] };
    for (const { url } of [own, hand]) await load(url, requests);
    // Interleaved, so that load on the machine affects both.
    for (let round = 0; round < runs; round++) {
      rounds.own.push(await load(own.url, requests));
      rounds.hand.push(await load(hand.url, requests));
    }
    const compared = (pick: (round: Round) => number) => median(rounds.own.map(pick)) / median(rounds.hand.map(pick));
    const [perSecond, p99, delay] = [
      compared((round) => round.perSecond),
      compared((round) => round.p99),
      compared((round) => round.delay),
    ];
    return {
      table: {
        title: 'Express',
        columns: ['res.signPdf', 'hand-written route = 1'],
        rows: [
          ['requests per second', ratio(perSecond)],
          ['median latency', ratio(compared((round) => round.p50))],
          ['99th percentile of the latency', ratio(p99)],
          ['99th percentile of the event-loop delay', ratio(delay)],
        ],
        notes: [
          `A document of ${bytes} bytes per request, ${connections} connections, ${runs} interleaved runs of ${requests} requests, ` +
            'medians. The hand-written route posts with fetch, and neither retries nor checks what comes back.',
        ],
      },
      goals: [
        {
          goal: `res.signPdf: requests per second of a hand-written route ≥ ${ratio(0.97)}`,
          measured: ratio(perSecond),
          met: perSecond >= 0.97,
        },
        { goal: `res.signPdf: 99th percentile of the latency ≤ ${ratio(1.1)}`, measured: ratio(p99), met: p99 <= 1.1 },
        { goal: `res.signPdf: event-loop delay ≤ ${ratio(1)}`, measured: ratio(delay), met: delay <= 1 },
      ],
    };
  } finally {
    await Promise.all([own.stop(), hand.stop(), sink.stop()]);
  }
}

async function load(url: string, amount: number): Promise<Round> {
  await fetch(`${url}/delay`);
  const { requests, latency, non2xx, errors, duration } = await autocannon({ url, connections, amount, timeout: 60 });
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} of ${amount} requests failed.`);
  const delay = (await (await fetch(`${url}/delay`)).json()) as number;
  return { perSecond: requests.total / duration, p50: latency.p50, p99: latency.p99, delay };
}

/** A route with a wrong but fast answer must not win. */
async function compare(own: string, hand: string, bytes: number): Promise<void> {
  const [a, b] = await Promise.all([own, hand].map(async (url) => Buffer.from(await (await fetch(url)).arrayBuffer())));
  if (!a || !b || a.length <= bytes || !a.equals(b)) throw new Error('The two routes do not send the same document.');
}
