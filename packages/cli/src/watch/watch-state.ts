import { isSignStashError } from '@signstash-connect/core';
import type { FileQueue } from './file-queue.ts';
import type { WatchDelays, WatchEvent, WatchProblem, WatchStatus } from './options.ts';
import { failureKind } from './retry-rules.ts';

export interface WatchStateOptions {
  readonly delays: Pick<WatchDelays, 'outageMs' | 'refusedMs'>;
  readonly onEvent: ((event: WatchEvent) => void) | undefined;
  /** Nothing more may be sent. */
  readonly onPause: () => void;
  readonly onResume: () => void;
}

/** Whether files may be sent, what has happened, and what a person should know about it. */
export class WatchState {
  readonly #options: WatchStateOptions;
  readonly counts = { signed: 0, failed: 0, retries: 0 };
  #state: WatchStatus['state'] = 'starting';
  #lastError: WatchStatus['lastError'];
  #nextAttemptAt: Date | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Pauses since something was signed: each is twice as long as the one before. */
  #pauses = 0;
  #failuresInARow = 0;

  constructor(options: WatchStateOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  start(): void {
    if (this.#state === 'starting') this.#state = 'running';
  }

  close(): void {
    this.#state = 'closing';
    clearTimeout(this.#timer);
  }

  closed(): void {
    this.#state = 'closed';
  }

  emit(event: WatchEvent): void {
    this.#options.onEvent?.(event);
  }

  recordError(problem: WatchProblem): void {
    this.#lastError = { at: new Date(), problem: brief(problem) };
  }

  recordSigned(): void {
    this.counts.signed++;
    this.#pauses = 0;
    this.#failuresInARow = 0;
  }

  /** @returns How many attempts have failed since something was signed or sending was paused. */
  recordRetry(problem: WatchProblem): number {
    this.recordError(problem);
    this.counts.retries++;
    this.#failuresInARow++;
    return this.#failuresInARow;
  }

  recordFailed(problem: WatchProblem): void {
    this.recordError(problem);
    this.counts.failed++;
  }

  /** Sends nothing for a while, or until a restart if another attempt could do harm. The files stay in the input folder. */
  pause(error: unknown, problem: WatchProblem): void {
    this.recordError(problem);
    if (!this.isRunning) return;
    const kind = isSignStashError(error) ? failureKind(error, false) : 'outage';
    const { refusedMs, outageMs } = this.#options.delays;
    const [firstMs, longestMs] = outageMs;
    const outage = Math.min(longestMs, firstMs * 2 ** this.#pauses);
    const inMs = kind === 'stop' ? undefined : kind === 'refused' ? refusedMs : outage;
    this.#pauses++;
    this.#state = inMs === undefined ? 'stopped' : 'paused';
    this.#options.onPause();
    this.emit({ type: 'paused', inMs, problem: brief(problem) });
    if (inMs === undefined) return;
    this.#nextAttemptAt = new Date(Date.now() + inMs);
    this.#timer = setTimeout(() => this.#resume(), inMs);
  }

  status(queue: FileQueue, inProgress: number): WatchStatus {
    return {
      state: this.#state,
      queued: Math.max(0, queue.size - inProgress - queue.held),
      inProgress,
      held: queue.held,
      ...this.counts,
      ...(this.#lastError ? { lastError: this.#lastError } : {}),
      ...(this.#nextAttemptAt ? { nextAttemptAt: this.#nextAttemptAt } : {}),
    };
  }

  #resume(): void {
    if (this.#state !== 'paused') return;
    this.#nextAttemptAt = undefined;
    this.#failuresInARow = 0;
    this.#state = 'running';
    this.emit({ type: 'resumed' });
    this.#options.onResume();
  }
}

export const brief = ({ code, title, detail, hint }: WatchProblem): WatchProblem => ({ code, title, detail, hint });
