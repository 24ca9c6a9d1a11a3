/** The longest delay of a timer; longer ones fire at once. */
const longestMs = 2 ** 31 - 1;

/**
 * One signal for both "the time is up" and "the caller stops". `AbortSignal.any` and `AbortSignal.timeout` would do the same, but
 * keep a listener of every call on a signal that lives as long as a large batch: {@link end} removes this one.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;
  readonly #stop: () => void;
  #expired = false;

  constructor(milliseconds: number, caller?: AbortSignal) {
    this.#caller = caller;
    this.#stop = () => this.#controller.abort(caller?.reason);
    this.#timer = setTimeout(
      () => {
        this.#expired = !this.signal.aborted;
        this.#controller.abort(new DOMException('The time is up.', 'TimeoutError'));
        this.end();
      },
      Math.min(milliseconds, longestMs),
    );
    // Unref the timer so that it does not keep the process alive.
    this.#timer.unref();
    if (caller?.aborted) this.#stop();
    else caller?.addEventListener('abort', this.#stop, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** True if the time was up first. */
  get expired(): boolean {
    return this.#expired;
  }

  /** To be called when the work has ended, successfully or not. */
  end(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#stop);
  }
}
