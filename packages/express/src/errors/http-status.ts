import { type ErrorCode, type ErrorFamily, errorCodes, type SignStashError } from '@signstash-connect/core';

/**
 * What a failure at Sign'Stash means to the caller of *your* server. Your credentials, your contract and your network are
 * not the caller's fault, so they are 5xx even where the service answered 4xx.
 */
const byFamily: Readonly<Record<ErrorFamily, number>> = {
  configuration: 500,
  credentials: 502,
  token: 502,
  validation: 422,
  rejected: 502,
  lookup: 502,
  document: 502,
  quota: 503,
  network: 502,
  timeout: 504,
  aborted: 503,
  protocol: 502,
  outcome: 502,
};

const byCode: Partial<Record<ErrorCode, number>> = {
  DOCUMENT_TOO_LARGE: 413,
  REQUEST_TOO_LARGE: 413,
  TOO_MANY_DOCUMENTS: 413,
  PAYLOAD_TOO_LARGE: 413,
  // Files of this server, not of the caller.
  DOCUMENT_UNREADABLE: 500,
  DOCUMENT_CHANGED: 500,
  OUTPUT_EXISTS: 500,
  OUTPUT_FAILED: 500,
  OUTPUT_PATH_INVALID: 500,
  NOT_FOUND: 404,
  RATE_LIMITED: 503,
  SERVICE_UNAVAILABLE: 503,
  DOCUMENT_PENDING: 503,
  REFERENCE_LOCKED: 503,
};

/** The status to answer with for an error of the core. */
export function httpStatus(error: Pick<SignStashError, 'code' | 'status'>): number {
  if (error.code === 'SERVICE_REJECTED' && (error.status === 400 || error.status === 422)) return 422;
  return byCode[error.code] ?? byFamily[errorCodes[error.code]?.family] ?? 502;
}

/** Where the service did not say how long to wait. */
const defaultRetrySeconds = 30;

/** The headers of that answer. */
export function httpHeaders(error: SignStashError): Record<string, string> {
  if (!error.retryable || httpStatus(error) !== 503) return {};
  const { retryAfterSeconds = defaultRetrySeconds } = error as { retryAfterSeconds?: number };
  return { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterSeconds))) };
}
