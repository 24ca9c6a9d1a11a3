import { AbortedError, isSignStashError } from '../errors/errors.ts';
import type { Platform } from './platform.ts';
import { type RetryPolicy, retryDelay } from './retry-policy.ts';

/** Asks a question of the service again while its failure may pass; questions change nothing, so repeating them is safe. */
export async function retryRead<R>(
  question: () => Promise<R>,
  { platform, policy, signal }: { platform: Platform; policy: RetryPolicy; signal?: AbortSignal | undefined },
): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      throwIfAborted(signal);
      return await question();
    } catch (problem) {
      // A gateway's HTML page passes like any other outage of the service behind it.
      const passing = isSignStashError(problem) && (problem.retryable || problem.code === 'PROTOCOL_UNEXPECTED');
      if (!passing || attempt >= policy.maxLookupAttempts) throw problem;
      await platform.sleep(retryDelay(policy, attempt, problem), signal);
    }
  }
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortedError('The caller stopped the call.', { cause: signal.reason });
}
