import type { Probe } from './check-connection.ts';

/** Milliseconds. */
const probeTimeoutMs = 10_000;

/** Checks whether an address answers, without credentials and without following redirects. */
export const httpProbe: Probe = async (url, signal) => {
  const timeout = AbortSignal.timeout(probeTimeoutMs);
  const response = await fetch(url, {
    method: 'HEAD',
    redirect: 'manual',
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  });
  const date = response.headers.get('date') ?? undefined;
  return { status: response.status, ...(date === undefined ? {} : { date }) };
};
