import { type BatchResult, type ReferenceLock, ValidationError } from '@signstash-connect/core';
import type { WatchOptions } from './options.ts';
import { type Profile, requestKey } from './profile.ts';
import { Round, type RoundOptions, type WatchJob } from './round.ts';

export interface RoundsOptions extends Pick<WatchOptions, 'client' | 'batchSize' | 'concurrency'> {
  readonly lock: ReferenceLock;
  readonly settle: (job: WatchJob, result: BatchResult) => Promise<void>;
  readonly abandon: RoundOptions['abandon'];
  /** Whether documents may be sent. */
  readonly isRunning: () => boolean;
  /** Resolves at the next change of what may be sent. */
  readonly change: () => Promise<void>;
  readonly onFinished: () => void;
}

/** How many batches may be in progress at once, for different receivers or while an old one ends. */
const maxRounds = 4;

/** All batches in progress. */
export class Rounds {
  readonly #options: RoundsOptions;
  /** Those that take documents, by what their documents have in common. */
  readonly #open = new Map<string, Round>();
  /** Also those that end. */
  readonly #all = new Set<Round>();

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  get inProgress(): number {
    return [...this.#all].reduce((sum, round) => sum + round.inProgress, 0);
  }

  /** The job of a reference that is in progress. */
  find(reference: string): WatchJob | undefined {
    for (const round of this.#all) {
      const job = round.find(reference);
      if (job) return job;
    }
    return undefined;
  }

  /**
   * Waits until a batch takes the document.
   *
   * @returns `later` if the batch has had the document already, `stopped` if nothing may be sent now.
   * @throws `ValidationError` `DUPLICATE_REFERENCE` if another file with the same reference is in progress.
   */
  async offer(job: WatchJob): Promise<'taken' | 'later' | 'stopped'> {
    // A document that failed is sent alone: it may be the reason why the request of its group failed.
    const alone = job.file.attempts > 0;
    const key = `${requestKey(job.profile)}${alone ? ' alone' : ''}`;
    const other = this.find(job.reference);
    if (other && other.file.path !== job.file.path) throw sameReference(job, other);
    if (other) return 'later';
    while (this.#options.isRunning()) {
      let round = this.#open.get(key);
      if (round && !round.ended && round.has(job.reference)) return 'later';
      if (!round || round.ended) {
        if (this.#all.size >= maxRounds) {
          this.#endOther(key);
          await this.#options.change();
          continue;
        }
        round = this.#start(key, job.profile, alone);
      }
      if (await round.offer(job)) return 'taken';
    }
    return 'stopped';
  }

  /** No batch takes more documents; those in progress are finished. */
  end(): void {
    for (const round of this.#open.values()) round.end();
    this.#open.clear();
  }

  async finished(): Promise<void> {
    await Promise.all([...this.#all].map(({ finished }) => finished));
  }

  #endOther(key: string): void {
    for (const [other, round] of this.#open) {
      if (other !== key) {
        round.end();
        return;
      }
    }
  }

  #start(key: string, { sign: { preservation }, reference }: Profile, alone: boolean): Round {
    const { client, batchSize, concurrency, lock, settle, abandon, onFinished } = this.#options;
    const given = Object.entries({ batchSize: alone ? 1 : batchSize, concurrency, preservation });
    const options = {
      ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
      recoveredContent: reference?.anyRendering ? ('any' as const) : ('same' as const),
      referenceLock: lock,
      // A document that another process is signing goes back into the queue instead of holding its request up.
      referenceLockWaitMs: 0,
      // The original is moved away once the signed file is in place: it must not be lost in a power failure.
      durable: true,
    };
    const round = new Round({ sign: (documents) => client.signAll(documents, options), settle, abandon });
    this.#open.set(key, round);
    this.#all.add(round);
    void round.finished.finally(() => {
      this.#all.delete(round);
      if (this.#open.get(key) === round) this.#open.delete(key);
      onFinished();
    });
    return round;
  }
}

const sameReference = ({ file, reference }: WatchJob, other: WatchJob) =>
  new ValidationError(
    'DUPLICATE_REFERENCE',
    `${file.name} and ${other.file.name} have the same external reference ${reference}.`,
    { document: file.name, references: [reference] },
  );
