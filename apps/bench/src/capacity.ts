import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { makeDocuments } from './documents.ts';
import type { Report } from './job.ts';
import { runClient, startSink } from './processes.ts';
import { percent } from './statistics.ts';
import type { Result } from './tables.ts';

const batchSize = 50;
const concurrency = 4;
const processCounts = [1, 2, 4];
const night = { documents: 1_000_000, hours: 8 };

/** Milliseconds the service takes per document, and how many rounds of full requests each process sends. */
const services = [
  { delayMs: 20, rounds: 6 },
  { delayMs: 100, rounds: 2 },
  { delayMs: 500, rounds: 1 },
];

/** Documents per hour for several processes against a service of a given speed. */
export async function capacity(work: string, { bytes, quick }: { bytes: number; quick: boolean }): Promise<Result> {
  const folder = join(work, 'documents');
  const documents = makeDocuments(folder, batchSize * concurrency, bytes);
  const rows: string[][] = [];
  for (const { delayMs, rounds } of quick ? services.slice(0, 1) : services) {
    const sink = await startSink(bytes, 0, delayMs);
    try {
      for (const processes of processCounts) {
        const repeat = documents.length * (quick ? 1 : rounds);
        const reports = await Promise.all(
          Array.from({ length: processes }, (_, index) =>
            client(join(work, `output-${index}`), sink.url, documents, repeat),
          ),
        );
        rows.push(row(delayMs, processes, repeat, reports));
      }
    } finally {
      await sink.stop();
    }
  }
  return {
    table: {
      title: 'Capacity',
      columns: [
        'service, per document',
        'processes',
        'documents per hour',
        'of what the service allows',
        'processor of the clients',
        'bottleneck',
        `${night.documents / 1e6} million documents take`,
        `processes for ${night.documents / 1e6} million in ${night.hours} h`,
      ],
      rows,
      notes: [
        `Documents of ${bytes} bytes, ${batchSize} per request, ${concurrency} concurrent requests per process. The service ` +
          'answers a request after the given time for each of its documents, and any number of requests at once: what it allows ' +
          'is the number of concurrent requests divided by the time per document. The number of processes for a night follows ' +
          'from the rate per process of the row, if each has its own core and the service accepts as many requests.',
      ],
    },
    goals: [],
  };
}

async function client(output: string, url: string, documents: string[], repeat: number): Promise<Report> {
  mkdirSync(output);
  try {
    const result = await runClient('ours', { url, documents, output, batchSize, concurrency, settings: { repeat } });
    if ('failed' in result) throw new Error(result.failed);
    return result;
  } finally {
    rmSync(output, { recursive: true });
  }
}

function row(delayMs: number, processes: number, repeat: number, reports: readonly Report[]): string[] {
  const hours = Math.max(...reports.map(({ ms }) => ms)) / 3_600_000;
  const perHour = (repeat * processes) / hours;
  const allowed = (processes * concurrency * 3_600_000) / delayMs;
  const busy = reports.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 3_600_000 / hours / availableParallelism();
  const bottleneck =
    perHour / allowed >= 0.8 ? 'service' : busy >= 0.4 ? 'processor (shared with the service)' : 'both';
  const needed = Math.ceil(night.documents / night.hours / (perHour / processes));
  return [
    `${delayMs} ms`,
    String(processes),
    Math.round(perHour).toLocaleString('en'),
    percent(perHour / allowed),
    percent(busy),
    bottleneck,
    `${(night.documents / perHour).toFixed(1)} h`,
    String(needed),
  ];
}
