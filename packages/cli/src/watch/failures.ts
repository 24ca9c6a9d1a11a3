import { type ErrorCode, isSignStashError, type SignStashError } from '@signstash-connect/core';
import type { ErrorDescription } from '@signstash-connect/core/adapter';
import type { DocumentLock } from './document-lock.ts';
import type { FileQueue, QueuedFile } from './file-queue.ts';
import type { FileResults } from './file-results.ts';
import { hasCode } from './move-file.ts';
import { maxAttempts, type WatchDelays, type WatchProblem } from './options.ts';
import { failureKind } from './retry-rules.ts';
import type { WatchJob } from './round.ts';
import { brief, type WatchState } from './watch-state.ts';

export interface FailuresOptions {
  readonly queue: FileQueue;
  readonly state: WatchState;
  readonly results: FileResults;
  readonly lock: DocumentLock;
  readonly delays: Pick<WatchDelays, 'retryMs' | 'lockedMs'>;
  readonly describe: (error: unknown) => ErrorDescription;
  /** After so many failed attempts in a row the other files need not use up theirs. */
  readonly failuresUntilPause: number;
}

/** After these nothing of the document is on its way: the request was not sent, or was refused before its documents were read. */
const notSent: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ACCOUNT_REFUSED',
  'CREDENTIALS_REFUSED',
  'DOCUMENT_CHANGED',
  'DOCUMENT_UNREADABLE',
  'LOOKUP_FAILED',
  'NETWORK_UNREACHABLE',
  'PAYLOAD_TOO_LARGE',
  'QUOTA_EXCEEDED',
  'RATE_LIMITED',
  'REFERENCE_LOCKED',
  'TOKEN_REFUSED',
  'TOKEN_UNAVAILABLE',
]);

/** Decides what to do with files that were not signed. */
export class Failures {
  readonly #options: FailuresOptions;

  constructor(options: FailuresOptions) {
    this.#options = options;
  }

  /** @param job - Undefined if the file could not be prepared. Never rejects. */
  async handle(file: QueuedFile, error: unknown, job: WatchJob | undefined): Promise<void> {
    const { queue, state, describe } = this.#options;
    const problem = describe(error);
    try {
      if (isSignStashError(error)) {
        if (job) await this.#recordOutcome(job, error);
        await this.#follow(file, error, problem, job);
      } else if (problem.code === 'UNEXPECTED') await this.#retry(file, problem, job);
      // An error of an adapter, such as an invoice without ATCUD, concerns the document.
      else await this.#fail(file, problem, job);
    } catch (cause) {
      state.pause(cause, placeProblem(cause, file.name));
      queue.retry(file, 0);
    }
  }

  /** What the next attempt must know, even after a restart. */
  async #recordOutcome({ reference }: WatchJob, { code }: SignStashError): Promise<void> {
    const { lock } = this.#options;
    if (code === 'OUTCOME_UNKNOWN') await lock.recordDoubt(reference);
    else if (code === 'DOCUMENT_FAILED' || code === 'SERVICE_REJECTED') await lock.clearDoubt(reference);
    else if (notSent.has(code)) await lock.forgetAttempt(reference);
  }

  async #follow(file: QueuedFile, error: SignStashError, problem: ErrorDescription, job: WatchJob | undefined) {
    const { queue, state, delays } = this.#options;
    switch (failureKind(error, state.counts.signed > file.signedBefore)) {
      case 'outage':
      case 'refused':
      case 'stop':
        state.pause(error, problem);
        queue.retry(file, 0);
        return;
      case 'again':
        if (state.isRunning) queue.postpone(file, delays.lockedMs);
        else queue.retry(file, 0);
        return;
      case 'retry':
        // Removed, or moved by another watcher.
        if (error.code === 'DOCUMENT_UNREADABLE' && hasCode(error.cause, 'ENOENT')) queue.done(file);
        else await this.#retry(file, problem, job);
        return;
      case 'fail':
        await this.#fail(file, problem, job);
    }
  }

  async #retry(file: QueuedFile, problem: ErrorDescription, job: WatchJob | undefined): Promise<void> {
    const { queue, state, delays, failuresUntilPause } = this.#options;
    file.attempts++;
    if (file.attempts >= maxAttempts) {
      await this.#fail(file, problem, job);
      return;
    }
    file.postponed = 0;
    const failuresInARow = state.recordRetry(problem);
    const inMs = delays.retryMs;
    state.emit({ type: 'retry', file: file.name, attempt: file.attempts + 1, inMs, problem: brief(problem) });
    queue.retry(file, inMs);
    if (failuresInARow >= failuresUntilPause) state.pause(undefined, problem);
  }

  async #fail(file: QueuedFile, problem: ErrorDescription, job: WatchJob | undefined): Promise<void> {
    const { queue, state, results } = this.#options;
    const { operationId } = problem;
    const movedTo = await results.placeFailed(file, {
      version: 1,
      file: file.name,
      at: new Date().toISOString(),
      attempts: Math.max(1, file.attempts),
      ...brief(problem),
      ...(job ? { reference: job.reference } : {}),
      ...(operationId ? { operationId } : {}),
    });
    if (movedTo !== undefined) {
      state.recordFailed(problem);
      state.emit({ type: 'failed', file: file.name, movedTo, problem: brief(problem) });
    }
    queue.done(file);
  }
}

export const placeProblem = (error: unknown, name: string): WatchProblem => ({
  code: 'OUTPUT_FAILED',
  title: 'A file cannot be moved',
  detail: `${name}: ${(error as Error).message}`,
  hint: 'Free disk space or make the folders writable. The file stays in the input folder until then.',
});
