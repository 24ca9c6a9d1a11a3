import { peakMemory } from './peak-memory.ts';

/** The settings of a client process, passed as JSON in its first argument. */
export interface Job {
  url: string;
  /** Paths of the documents. */
  documents: string[];
  output: string;
  batchSize: number;
  concurrency: number;
  /** Options of core, for the client that uses it. */
  settings?: Settings;
}

export interface Settings {
  format?: 'json' | 'multipart';
  durable?: boolean;
  lookUpFirst?: boolean;
  journal?: boolean;
  maxRequestBytes?: number;
  /** Sign this many documents, repeating the given ones. */
  repeat?: number;
  /** Derive references by hashing every content, instead of passing them. */
  hashed?: boolean;
  /** False turns off the check of returned contents. */
  contentCheck?: boolean;
}

/** What a client process prints when it is done. */
export interface Report {
  documents: number;
  /** Milliseconds of work, without the start of the process. */
  ms: number;
  /** Milliseconds of processor time for the work, user and system, all threads. */
  cpuMs: number;
  /** Bytes. */
  peakRss: number;
}

export const readJob = (): Job => JSON.parse(process.argv[2] ?? '{}') as Job;

/** Runs a client and prints its report. */
export async function report(work: () => Promise<number>): Promise<void> {
  const started = performance.now();
  const before = process.cpuUsage();
  const documents = await work();
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ documents, ms, cpuMs: (user + system) / 1000, peakRss: peakMemory() } satisfies Report));
}
