import type { Split } from '../signing/outcome.ts';
import type { BatchProgress, BatchResult, BatchSummary } from './options.ts';

/** Between two reports. Milliseconds. */
const reportEveryMs = 100;

/** How many splits a summary keeps: enough to see why, however large the batch. */
const splitsKept = 100;

/** Counts results and reports progress at intervals. */
export class Progress {
  readonly #started = performance.now();
  readonly #report: ((progress: BatchProgress) => void) | undefined;
  readonly #summary: BatchSummary = {
    documents: 0,
    signed: 0,
    failed: 0,
    resumed: 0,
    bytes: 0,
    durationMs: 0,
    splits: [],
  };
  #total: number | undefined;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(report: ((progress: BatchProgress) => void) | undefined) {
    this.#report = report;
  }

  set total(total: number | undefined) {
    this.#total = total;
  }

  count(result: BatchResult, bytes: number): void {
    const summary = this.#summary;
    summary.documents++;
    summary.bytes += bytes;
    if (!result.ok) summary.failed++;
    else {
      summary.signed++;
      if (result.resumed) summary.resumed++;
    }
    if (performance.now() - this.#reportedAt >= reportEveryMs) this.report();
  }

  report(): void {
    this.#reportedAt = performance.now();
    const { documents: done, failed, bytes } = this.#summary;
    const elapsed = performance.now() - this.#started;
    const total = this.#total;
    const eta = total !== undefined && done > 0 ? { etaMs: Math.max(0, (elapsed / done) * (total - done)) } : {};
    const bytesPerSecond = elapsed > 0 ? (bytes / elapsed) * 1000 : 0;
    this.#report?.({ done, failed, ...(total === undefined ? {} : { total }), bytes, bytesPerSecond, ...eta });
  }

  stoppedBy(error: NonNullable<BatchSummary['stoppedBy']>): void {
    this.#summary.stoppedBy ??= error;
  }

  split({ documents, error }: Split): void {
    const { splits } = this.#summary;
    const { errorCode } = error as { errorCode?: string };
    splits.push({ documents, reason: error.message, ...(errorCode === undefined ? {} : { errorCode }) });
    if (splits.length > splitsKept) splits.shift();
  }

  get summary(): BatchSummary {
    const { splits } = this.#summary;
    return { ...this.#summary, splits: [...splits], durationMs: performance.now() - this.#started };
  }
}
