import { nodePlatform } from '../../../src/adapter-node.ts';
import type { Platform } from '../../../src/signing/platform.ts';

/** Longer than any run may take; a run that still waits then is stuck. Milliseconds. */
const endOfTime = 7 * 24 * 3_600_000;

/** Time that passes as soon as everyone waits for it. */
export class VirtualTime {
  now = 0;
  #timers: { at: number; wake: () => void }[] = [];

  readonly sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) reject(signal.reason);
      this.#timers.push({ at: this.now + milliseconds, wake: resolve });
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });

  /** The platform of a client that lives in this time. */
  readonly platform: Platform = { ...nodePlatform, sleep: this.sleep };

  /** Lets time pass until work is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = work.finally(() => {
      settled = true;
    });
    done.catch(() => {});
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return done;
      this.#next();
    }
  }

  /** Lets an amount of time pass, with everything that happens in it. */
  pass(milliseconds: number): Promise<void> {
    return this.run(this.sleep(milliseconds));
  }

  #next(): void {
    let first = 0;
    for (const [index, { at }] of this.#timers.entries()) if (at < (this.#timers[first]?.at ?? 0)) first = index;
    const [timer] = this.#timers.splice(first, 1);
    if (!timer) throw new Error('Everyone waits for something that never happens.');
    if (timer.at > endOfTime) throw new Error('It does not end.');
    this.now = timer.at;
    timer.wake();
  }
}
