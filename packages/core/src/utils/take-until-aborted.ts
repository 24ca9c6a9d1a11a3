/**
 * Reads an iterable until a signal fires, without waiting for an item that may never come: a queue that has run dry must not keep
 * a stopped batch alive.
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
    // Not awaited: it may be waiting for the very item that never comes. What it says on closing is no longer of interest.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
