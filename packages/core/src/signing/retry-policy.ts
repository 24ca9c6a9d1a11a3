import { leavesOutcomeOpen } from '../api/assumptions.ts';
import { isSignStashError, type ServiceRejectedError, type SignStashError } from '../errors/errors.ts';

/** How often and how patiently things are tried again. Times in milliseconds. */
export interface RetryPolicy {
  /** Attempts of one sign request, the first included. */
  attempts: number;
  /** Attempts of one question (look-up, status, detail), the first included. Questions are always safe to repeat. */
  maxLookupAttempts: number;
  /** First delay; doubled each time, with jitter. */
  delayMs: number;
  /** The longest delay, and the longest Retry-After that is waited for. */
  maxDelayMs: number;
  /** How long a reference the service does not know is given to appear after a lost answer, before it is sent again. */
  lookupGraceMs: number;
  /** How long an operation may stay PENDING_EXECUTION or EXECUTION_ERROR before it is reported as pending. */
  pendingMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 4,
  maxLookupAttempts: 6,
  delayMs: 500,
  maxDelayMs: 30_000,
  lookupGraceMs: 3_000,
  pendingMs: 300_000,
};

/** What a failed sign request means for its documents. */
export type FailureKind =
  /** Nothing was sealed: the same request may simply be sent again. */
  | 'not-sealed'
  /** Some, all or no documents may have been sealed: ask before sending again. */
  | 'open'
  /** Nothing was sealed, but half of the request may go: it is too large, or one of its documents cannot be read. */
  | 'divisible'
  /** The service refused the request: one bad document, or references it already knows. */
  | 'refused'
  /** Nothing that is sent again will go better. */
  | 'final';

export function failureKind(error: SignStashError): FailureKind {
  switch (error.code) {
    case 'NETWORK_UNREACHABLE':
    case 'RATE_LIMITED':
    case 'TOKEN_UNAVAILABLE':
      return 'not-sealed';
    case 'NETWORK_INTERRUPTED':
    case 'TIMEOUT':
    case 'PROTOCOL_TRUNCATED':
    case 'PROTOCOL_UNEXPECTED':
      return 'open';
    case 'SERVICE_UNAVAILABLE':
    case 'SERVICE_FAILED':
      return leavesOutcomeOpen(error.status ?? 500, retryAfterOf(error) !== undefined) ? 'open' : 'not-sealed';
    case 'PAYLOAD_TOO_LARGE':
    case 'DOCUMENT_CHANGED':
    case 'DOCUMENT_UNREADABLE':
      return 'divisible';
    case 'SERVICE_REJECTED':
    case 'NOT_FOUND':
      return 'refused';
    default:
      return 'final';
  }
}

/** Doubling delay with jitter between half and all of it; what the service asks for goes first. */
export function retryDelay(policy: RetryPolicy, attempt: number, error?: unknown): number {
  const doubled = Math.min(policy.maxDelayMs, policy.delayMs * 2 ** (attempt - 1));
  const asked = (isSignStashError(error) ? (retryAfterOf(error) ?? 0) : 0) * 1000;
  return Math.max(Math.min(asked, policy.maxDelayMs), doubled * (0.5 + Math.random() / 2));
}

const retryAfterOf = (error: SignStashError) => (error as Partial<ServiceRejectedError>).retryAfterSeconds;
