import { AbortedError } from '../errors/errors.ts';

/** One running job that any number of callers wait for; it is aborted only when the last of them stops waiting. */
export class SingleFlight<T> {
  readonly #stop = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;

  constructor(job: (signal: AbortSignal) => Promise<T>) {
    this.#result = job(this.#stop.signal);
    // Each waiter receives the failure; the job's promise must not count as an unhandled rejection.
    this.#result.catch(() => {});
  }

  /** True once every caller has stopped waiting: no caller may join any more. */
  get cancelled(): boolean {
    return this.#stop.signal.aborted;
  }

  /** @throws {@link AbortedError} when this caller's signal fires; the job continues for the others. */
  async wait(signal?: AbortSignal): Promise<T> {
    this.#waiting++;
    try {
      return await unlessAborted(this.#result, signal);
    } finally {
      if (--this.#waiting === 0) this.#stop.abort();
    }
  }
}

async function unlessAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return result;
  const stopped = () => new AbortedError('The caller stopped waiting for a token.', { cause: signal.reason });
  if (signal.aborted) throw stopped();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(stopped());
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
