/**
 * Maps items with a few of them under way at once, in order. A result is given as soon as it and all before it are there, also
 * while the source is still waiting for its next item.
 */
export async function* mapConcurrent<T, R>(
  items: AsyncIterable<T>,
  work: (item: T) => Promise<R>,
  atOnce: number,
): AsyncGenerator<R> {
  const ahead: Promise<R>[] = [];
  let waiting: (() => void)[] = [];
  const change = () => new Promise<void>((resolve) => waiting.push(resolve));
  const wake = () => {
    const all = waiting;
    waiting = [];
    for (const resolve of all) resolve();
  };
  let ended = false;
  let failure: { error: unknown } | undefined;
  const reading = (async () => {
    try {
      for await (const item of items) {
        ahead.push(work(item));
        wake();
        while (ahead.length >= atOnce && !ended) await change();
        if (ended) break;
      }
    } catch (error) {
      failure = { error };
    } finally {
      ended = true;
      wake();
    }
  })();
  try {
    for (;;) {
      const next = ahead[0];
      if (next) {
        const result = await next;
        ahead.shift();
        wake();
        yield result;
      } else if (ended) break;
      else await change();
    }
    if (failure) throw failure.error;
  } finally {
    ended = true;
    wake();
    await reading;
  }
}
