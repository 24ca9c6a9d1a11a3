/** Awaits a promise, but no longer than until the signal fires. */
export async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Awaits a promise, but returns `'late'` if it takes longer than this many milliseconds. */
export async function raceTimeout<T>(promise: Promise<T>, milliseconds: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Reads an iterable until a signal fires, without waiting for an item that may never come: an empty queue must not keep a stopped
 * batch alive.
 *
 * @param ready - Awaited before each item is read.
 */
export async function* takeUntilAborted<T>(
  items: Iterable<T> | AsyncIterable<T>,
  signal: AbortSignal,
  ready: () => Promise<void>,
): AsyncGenerator<T> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let stop = () => {};
  const stopped = new Promise<'stopped'>((resolve) => {
    stop = () => resolve('stopped');
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      await ready();
      if (signal.aborted) return;
      const next = await Promise.race([iterator.next(), stopped]);
      if (next === 'stopped' || next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    // Not awaited: it may be waiting for an item that never comes. An error while closing no longer matters.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
