import type { ErrorCode, SignStashError } from '@signstash-connect/core';

/**
 * What follows from a failed attempt:
 * - `outage`: nothing can be signed at the moment. The file stays, and the attempt does not count.
 * - `refused`: the account or its quota has to be changed by a person. As an outage, with longer pauses.
 * - `stop`: the credentials or settings are wrong. Another attempt can only lock the account.
 * - `again`: another process has the document, or it was not sent. The file stays.
 * - `retry`: it may be signed later, or may have been signed. Three attempts.
 * - `fail`: this document cannot be signed.
 */
export type FailureKind = 'outage' | 'refused' | 'stop' | 'again' | 'retry' | 'fail';

const kinds: Partial<Record<ErrorCode, FailureKind>> = {
  NETWORK_UNREACHABLE: 'outage',
  TOKEN_UNAVAILABLE: 'outage',
  SERVICE_UNAVAILABLE: 'outage',
  RATE_LIMITED: 'outage',
  OUTPUT_FAILED: 'outage',
  ACCOUNT_REFUSED: 'refused',
  QUOTA_EXCEEDED: 'refused',
  CREDENTIALS_REFUSED: 'stop',
  TOKEN_REFUSED: 'stop',
  CONFIGURATION_INVALID: 'stop',
  CONFIGURATION_MISSING: 'stop',
  INSECURE_URL: 'stop',
  ABORTED: 'again',
  DOCUMENT_CHANGED: 'again',
  REFERENCE_LOCKED: 'again',
  // Another watcher has just received the signed content.
  OUTPUT_EXISTS: 'again',
  DOCUMENT_UNREADABLE: 'retry',
  OUTCOME_UNKNOWN: 'retry',
  PROTOCOL_UNEXPECTED: 'retry',
};

/** @param signedSince - Whether other documents have been signed since this attempt began. */
export function failureKind(error: SignStashError, signedSince: boolean): FailureKind {
  const { code } = error;
  if (code === 'LOOKUP_FAILED' || code === 'OUTCOME_UNKNOWN') {
    const cause = causeKind(error.cause);
    if (cause) return cause;
    // Nothing was sent. If no document can be looked up, the service is unavailable; if others can, it is this document.
    if (code === 'LOOKUP_FAILED') return signedSince ? 'retry' : 'outage';
  }
  return kinds[code] ?? (error.retryable ? 'retry' : 'fail');
}

function causeKind(cause: unknown): FailureKind | undefined {
  const kind = kinds[(cause as { code?: ErrorCode } | undefined)?.code ?? 'ABORTED'];
  return kind === 'outage' || kind === 'refused' || kind === 'stop' ? kind : undefined;
}
