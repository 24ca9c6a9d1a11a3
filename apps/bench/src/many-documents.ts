import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDocuments } from './documents.ts';
import type { Job } from './job.ts';
import { type ClientName, runClient, startSink } from './processes.ts';
import { median, ratio } from './statistics.ts';
import type { Table } from './tables.ts';
import { curlPosts, prepareBodies } from './wire-limit.ts';

export interface Load {
  title: string;
  count: number;
  bytes: number;
  batchSize: number;
  concurrency: number;
  runs: number;
  /** Leave out the client that takes minutes. */
  withUsual: boolean;
  settings: Job['settings'];
}

interface Contender {
  name: string;
  client: ClientName | 'curl';
  settings?: Job['settings'];
}

/** Carries the same documents through ours, the baselines and curl, in turns. */
export async function manyDocuments(work: string, load: Load): Promise<Table> {
  const { count, bytes, batchSize, concurrency, runs } = load;
  const documents = makeDocuments(join(work, 'documents'), count, bytes);
  const bodyFolder = join(work, 'bodies');
  mkdirSync(bodyFolder);
  const bodies = await prepareBodies(documents, batchSize, bodyFolder);
  const ours = (more: Job['settings']) => ({ client: 'ours', settings: { ...load.settings, ...more } }) as const;
  const contenders: Contender[] = [
    { name: 'wire limit: curl, prepared bytes', client: 'curl' },
    { name: 'ours: json', ...ours({}) },
    { name: 'ours: multipart', ...ours({ format: 'multipart' }) },
    { name: 'ours: json, durable', ...ours({ durable: true }) },
    { name: 'ours: json, journal', ...ours({ journal: true }) },
    { name: 'ours: json, references from content, looked up first', ...ours({ hashed: true, lookUpFirst: true }) },
    { name: 'hand-written: one token, batches, JSON.stringify', client: 'hand-written' },
    ...(load.withUsual ? [{ name: 'usual: token and request for each document', client: 'usual' } as const] : []),
  ];
  const times = new Map<string, number[]>();
  const peaks = new Map<string, number[]>();
  const failures = new Map<string, string>();
  const sink = await startSink(bytes);
  try {
    for (let run = 0; run < runs; run++) {
      for (const { name, client, settings } of contenders) {
        if (failures.has(name)) continue;
        const output = join(work, 'output');
        mkdirSync(output);
        const note = (all: Map<string, number[]>, value: number) => all.set(name, [...(all.get(name) ?? []), value]);
        if (client === 'curl') note(times, await curlPosts(sink.url, bodies, concurrency, bodyFolder));
        else {
          const result = await runClient(client, {
            url: sink.url,
            documents,
            output,
            batchSize,
            concurrency,
            ...(settings ? { settings } : {}),
          });
          if ('failed' in result) failures.set(name, result.failed);
          else {
            note(times, result.ms);
            note(peaks, result.peakRss);
          }
        }
        rmSync(output, { recursive: true });
        rmSync(join(work, 'journal.jsonl'), { force: true });
      }
    }
    const idle = await runClient('idle', { url: sink.url });
    const idleRss = 'failed' in idle ? Number.NaN : idle.peakRss;
    const limit = median(times.get(contenders[0]?.name ?? '') ?? []);
    const rows = contenders.map(({ name, client }) => {
      const failure = failures.get(name);
      if (failure !== undefined) return [name, failure.slice(0, 60), ''];
      const time = median(times.get(name) ?? []);
      const memory = client === 'curl' ? '' : ratio(median(peaks.get(name) ?? []) / idleRss);
      return [name, ratio(time / limit), memory];
    });
    const aboveIdle = Math.round((median(peaks.get('ours: json') ?? [Number.NaN]) - idleRss) / 1024 / 1024);
    return {
      title: load.title,
      columns: ['client', 'time, of the wire limit’s', 'peak memory, of an idle client’s'],
      rows,
      notes: [
        `${count} documents of ${bytes} bytes, ${batchSize} in a request, ${concurrency} requests at once; median of ${runs} runs, in turns.`,
        `Ours, json: ${aboveIdle} MB above an idle client.`,
      ],
    };
  } finally {
    await sink.stop();
    rmSync(join(work, 'documents'), { recursive: true });
    rmSync(bodyFolder, { recursive: true });
  }
}
