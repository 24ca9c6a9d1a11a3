import { AbortedError, isSignStashError } from '../errors/errors.ts';
import type { Platform } from './platform.ts';
import { maxAttempts, type RetryPolicy, retryDelay, ThrottleDelays } from './retry-policy.ts';

/** Repeats a read while its failure may pass; reads change nothing at the service, so repeating them is safe. */
export async function retryRead<R>(
  read: () => Promise<R>,
  { platform, policy, signal }: { platform: Platform; policy: RetryPolicy; signal?: AbortSignal | undefined },
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
        await platform.sleep(delay, signal);
        continue;
      }
      // A gateway's HTML page passes like any other outage of the service behind it.
      const passing = isSignStashError(problem) && (problem.retryable || problem.code === 'PROTOCOL_UNEXPECTED');
      if (!passing || attempt >= maxAttempts(policy, problem)) throw problem;
      await platform.sleep(retryDelay(policy, attempt, problem), signal);
      attempt++;
    }
  }
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortedError('The caller stopped the call.', { cause: signal.reason });
}
