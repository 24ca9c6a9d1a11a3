import type { BatchProgress } from '@signstash-connect/core';
import type { Runner } from './runner.ts';

/** The longest time without a line. Milliseconds. */
const intervalMs = 10_000;

/** Prints a line per tenth of the work, and at least one per interval. */
export function progressLines(runner: Runner): (progress: BatchProgress) => void {
  let tenths = 0;
  let last = performance.now();
  return ({ done, failed, total = 0, etaMs = 0 }) => {
    const now = performance.now();
    const reached = Math.floor((done / total) * 10);
    if (done === 0 || (reached === tenths && now - last < intervalMs)) return;
    tenths = reached;
    last = now;
    const left = Math.ceil(etaMs / 1000);
    runner.info(
      `${done} of ${total} done${failed > 0 ? `, ${failed} failed` : ''}${left > 0 ? `, about ${left} s left` : ''}`,
    );
  };
}
