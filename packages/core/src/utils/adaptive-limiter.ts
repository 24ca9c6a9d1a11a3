/**
 * Limits how many calls run at once to what the server accepts (additive increase, multiplicative decrease). There is no bound
 * until the first refusal; a refusal halves what was running, and every round of successes permits one call more.
 */
export class AdaptiveLimiter {
  #limit = Number.POSITIVE_INFINITY;
  #running = 0;
  /** Most calls at once since the last refusal. */
  #peak = 0;
  /** Counts decreases: calls that began before one must not cause another. */
  #epoch = 0;
  #closed = 0;
  #waiting: (() => void)[] = [];

  /** How many calls may run at once; infinite until a call was refused. */
  get limit(): number {
    return this.#limit;
  }

  /** Runs work as soon as there is room. A caller that stops waiting gives up its place in the queue. */
  async run<T>(work: (slot: Slot) => Promise<T>, throwIfAborted: () => void): Promise<T> {
    while (this.#closed > 0 || this.#running >= Math.floor(this.#limit)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      throwIfAborted();
    }
    this.#running++;
    this.#peak = Math.max(this.#peak, this.#running);
    const slot: Slot = { epoch: this.#epoch };
    try {
      const result = await work(slot);
      // Only a bound that was reached is known to be too low.
      if (this.#peak >= Math.floor(this.#limit)) this.#limit += 1 / this.#limit;
      return result;
    } finally {
      this.#running--;
      this.#wake();
    }
  }

  /** The server refused this call for too many at once. */
  refused({ epoch }: Slot): void {
    if (epoch !== this.#epoch) return;
    this.#epoch++;
    this.#peak = 0;
    this.#limit = Math.max(1, Math.floor(Math.min(this.#limit, this.#running) / 2));
  }

  /** Starts nothing until a wait has ended, successfully or not. */
  async pause(wait: Promise<void>): Promise<void> {
    this.#closed++;
    try {
      await wait;
    } catch {
      // The waiting caller was aborted; the others may continue.
    } finally {
      this.#closed--;
      this.#wake();
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** One running call. */
export interface Slot {
  readonly epoch: number;
}
