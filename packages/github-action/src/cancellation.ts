/** Fires when the workflow is cancelled: the runner sends SIGINT, 7.5 s later SIGTERM, and 2.5 s later ends the process. */
export function cancellation(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}
