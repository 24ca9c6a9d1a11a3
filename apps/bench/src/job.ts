import { peakMemory } from './peak-memory.ts';

/** What a client process is told, as JSON in its first argument. */
export interface Job {
  url: string;
  /** Paths of the documents. */
  documents: string[];
  output: string;
  batchSize: number;
  concurrency: number;
  /** For ours: how it is set. */
  settings?: Settings;
}

export interface Settings {
  format?: 'json' | 'multipart';
  durable?: boolean;
  lookUpFirst?: boolean;
  journal?: boolean;
  maxRequestBytes?: number;
  /** Seal so many documents, the given ones over and over. */
  repeat?: number;
  /** Derive references by hashing every content, instead of giving them. */
  hashed?: boolean;
}

/** What a client process prints when it is done. */
export interface Report {
  documents: number;
  /** Milliseconds of work, without the start of the process. */
  ms: number;
  /** Bytes. */
  peakRss: number;
}

export const readJob = (): Job => JSON.parse(process.argv[2] ?? '{}') as Job;

/** Runs a client and prints its report. */
export async function report(work: () => Promise<number>): Promise<void> {
  const started = performance.now();
  const documents = await work();
  const ms = performance.now() - started;
  console.log(JSON.stringify({ documents, ms, peakRss: peakMemory() } satisfies Report));
}
