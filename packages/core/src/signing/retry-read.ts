import { AbortedError, isSignStashError, type SignStashError } from '../errors/errors.ts';
import type { RetryEvent } from './hooks.ts';
import type { Platform } from './platform.ts';
import { maxAttempts, type RetryPolicy, retryDelay, ThrottleDelays } from './retry-policy.ts';

export interface RetryReadOptions {
  readonly platform: Platform;
  readonly policy: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
}

/** Repeats a read while its failure may be temporary; reads change nothing at the service, so repeating them is safe. */
export async function retryRead<R>(
  read: () => Promise<R>,
  { platform, policy, signal, onRetry }: RetryReadOptions,
): Promise<R> {
  const throttle = new ThrottleDelays(policy);
  for (let attempt = 1; ; ) {
    try {
      throwIfAborted(signal);
      return await read();
    } catch (problem) {
      if (isSignStashError(problem) && problem.code === 'RATE_LIMITED') {
        const delay = throttle.next(problem);
        if (delay === undefined) throw problem;
        onRetry?.(readRetry(attempt, delay, problem));
        await platform.sleep(delay, signal);
        continue;
      }
      // A gateway's HTML page is a temporary failure, like any other outage of the service behind it.
      const passing = isSignStashError(problem) && (problem.retryable || problem.code === 'PROTOCOL_UNEXPECTED');
      if (!passing || attempt >= maxAttempts(policy, problem)) throw problem;
      const delay = retryDelay(policy, attempt, problem);
      onRetry?.(readRetry(attempt, delay, problem));
      await platform.sleep(delay, signal);
      attempt++;
    }
  }
}

const readRetry = (attempt: number, delayMs: number, { code, message, references }: SignStashError): RetryEvent => ({
  call: 'read',
  attempt,
  delayMs,
  code,
  message,
  ...(references ? { references } : {}),
});

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortedError('The caller stopped the call.', { cause: signal.reason });
}
