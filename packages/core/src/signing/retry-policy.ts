import { isSignStashError, type ServiceRejectedError } from '../errors/errors.ts';

/** How often and for how long calls are repeated. Times in milliseconds. */
export interface RetryPolicy {
  /** Attempts of one sign request, the first included; refusals for too many requests do not count. */
  attempts: number;
  /** Attempts of one read (look-up, status, detail), the first included. Reads are always safe to repeat. */
  maxLookupAttempts: number;
  /** First delay; doubled each time, with jitter. */
  delayMs: number;
  /** The longest delay, and the longest Retry-After that is waited for, except for too many requests. */
  maxDelayMs: number;
  /**
   * How long a reference is looked up after a lost answer before the document is sent again. Default: a fifth of the
   * sign timeout, at least 60 s, since a gateway may deliver a request after the client gave up.
   */
  lookupGraceMs?: number | undefined;
  /**
   * How long an operation may stay PENDING_EXECUTION or EXECUTION_ERROR before it is reported as pending, and how long a reference
   * that the service calls taken is looked up.
   */
  pendingMs: number;
  /** How long one call is repeated while the service answers that there are too many requests. */
  throttledMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 4,
  maxLookupAttempts: 6,
  delayMs: 500,
  maxDelayMs: 30_000,
  pendingMs: 300_000,
  throttledMs: 300_000,
};

/** About 3 s with the default delays: a host that has never answered is more likely a wrong address than an outage. */
const maxFirstContactAttempts = 4;

/** Each of them is three requests already, by the token request's own policy. */
const maxFirstTokenAttempts = 2;

/** Attempts of one read that failed like this. */
export function maxAttempts(policy: RetryPolicy, error: unknown): number {
  if (!isSignStashError(error) || !error.neverAnswered) return policy.maxLookupAttempts;
  const limit = error.code === 'TOKEN_UNAVAILABLE' ? maxFirstTokenAttempts : maxFirstContactAttempts;
  return Math.min(policy.maxLookupAttempts, limit);
}

const minGraceMs = 60_000;

/** How long references are looked up before anything is sent again. */
export function graceMs({ lookupGraceMs }: RetryPolicy, timeoutMs: number): number {
  return lookupGraceMs ?? Math.max(minGraceMs, timeoutMs / 5);
}

/** Doubling delay with jitter between half and all of it; Retry-After takes precedence. */
export function retryDelay(policy: RetryPolicy, attempt: number, error?: unknown): number {
  const doubled = Math.min(policy.maxDelayMs, policy.delayMs * 2 ** (attempt - 1));
  return Math.max(Math.min(retryAfterMs(error), policy.maxDelayMs), doubled * (0.5 + Math.random() / 2));
}

/** The longest pause between two polls. Milliseconds. */
const maxPollMs = 10_000;

/** Doubling delay between two polls. */
export function pollDelay(policy: RetryPolicy, poll: number): number {
  return retryDelay({ ...policy, maxDelayMs: Math.min(policy.maxDelayMs, maxPollMs) }, poll);
}

/** Waiting times of one call that the service refuses for too many requests, until {@link RetryPolicy.throttledMs} is used up. */
export class ThrottleDelays {
  readonly #policy: RetryPolicy;
  #refusals = 0;
  #waitedMs = 0;

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
  }

  /** The next delay; undefined once there is no time left for it. */
  next(error: unknown): number | undefined {
    this.#refusals++;
    // Retry-After is honoured in full: an earlier request would only be refused again.
    const delay = Math.max(retryAfterMs(error), retryDelay(this.#policy, this.#refusals));
    if (this.#waitedMs + delay > this.#policy.throttledMs) return undefined;
    this.#waitedMs += delay;
    return delay;
  }
}

function retryAfterMs(error: unknown): number {
  if (!isSignStashError(error)) return 0;
  return ((error as Partial<ServiceRejectedError>).retryAfterSeconds ?? 0) * 1000;
}
