import type { BatchDocument, BatchResult, SignBatch } from '@signstash-connect/core';
import type { QueuedFile } from './file-queue.ts';
import type { FileVersion } from './move-file.ts';
import type { Profile } from './profile.ts';

/** A file that is ready to be sent. */
export interface WatchJob {
  readonly file: QueuedFile;
  readonly version: FileVersion;
  readonly reference: string;
  /** Where core writes its signed content. */
  readonly staged: string;
  readonly profile: Profile;
  readonly document: BatchDocument;
}

export interface RoundOptions {
  readonly sign: (documents: AsyncIterable<BatchDocument>) => SignBatch;
  /** Puts the files of one document into their places. Never rejects. */
  readonly settle: (job: WatchJob, result: BatchResult) => Promise<void>;
  /** A document has no result because the whole call failed. */
  readonly abandon: (job: WatchJob, error: unknown) => Promise<void>;
}

/** A new batch begins after so many documents: a batch remembers every reference that it has seen. */
const maxDocuments = 2_000;

/** How many results are put into their places at once. */
const settledAtOnce = 16;

/** One call of `signAll`, fed with files as they arrive, only as fast as they are signed. */
export class Round {
  readonly #options: RoundOptions;
  readonly #jobs = new Map<string, WatchJob>();
  readonly #seen = new Set<string>();
  readonly #offers: { job: WatchJob; accepted: (taken: boolean) => void }[] = [];
  #ended = false;
  #wake = () => {};
  readonly finished: Promise<void>;

  constructor(options: RoundOptions) {
    this.#options = options;
    this.finished = this.#run();
  }

  get inProgress(): number {
    return this.#jobs.size;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The job of a reference that is in progress. */
  find(reference: string): WatchJob | undefined {
    return this.#jobs.get(reference);
  }

  /** Whether this round has had the reference already: a batch takes each only once. */
  has(reference: string): boolean {
    return this.#seen.has(reference);
  }

  /** Waits until the batch takes the document. @returns False if the round has ended. */
  offer(job: WatchJob): Promise<boolean> {
    if (this.#ended) return Promise.resolve(false);
    return new Promise((accepted) => {
      this.#offers.push({ job, accepted });
      this.#wake();
    });
  }

  /** Takes no more documents; those in progress are finished. */
  end(): void {
    this.#ended = true;
    for (const { accepted } of this.#offers.splice(0)) accepted(false);
    this.#wake();
  }

  async #run(): Promise<void> {
    const settling = new Set<Promise<void>>();
    let failure: unknown;
    try {
      for await (const result of this.#options.sign(this.#documents())) {
        const job = this.#jobs.get(result.reference);
        if (!job) continue;
        const settled: Promise<void> = this.#options.settle(job, result).finally(() => {
          this.#jobs.delete(result.reference);
          settling.delete(settled);
        });
        settling.add(settled);
        if (settling.size >= settledAtOnce) await Promise.race(settling);
      }
    } catch (error) {
      failure = error;
    }
    this.end();
    await Promise.all(settling);
    for (const [reference, job] of this.#jobs) {
      await this.#options.abandon(job, failure);
      this.#jobs.delete(reference);
    }
  }

  async *#documents(): AsyncGenerator<BatchDocument> {
    while (!this.#ended) {
      const offered = this.#offers.shift();
      if (!offered) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const { job, accepted } = offered;
      if (this.#seen.has(job.reference)) {
        // Offered twice at the same time.
        accepted(false);
        continue;
      }
      this.#jobs.set(job.reference, job);
      this.#seen.add(job.reference);
      if (this.#seen.size >= maxDocuments) this.end();
      accepted(true);
      yield job.document;
    }
  }
}
