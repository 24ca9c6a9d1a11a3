import { type ErrorCode, errorCodes, isSignStashError, type SignResult } from '@signstash-connect/core';
import { httpHeaders, httpStatus } from './http-status.ts';

/** Errors of the middleware itself; every other code is one of `@signstash-connect/core`. */
export type MiddlewareErrorCode =
  | 'CLIENT_MISSING'
  | 'RESPONSE_ALREADY_SENT'
  | 'RESPONSE_ALREADY_ENCODED'
  | 'RESPONSE_PARTIAL'
  | 'RESPONSE_TOO_LARGE'
  | 'RESPONSE_INCOMPLETE'
  | 'RESPONSE_CHANGED'
  | 'UPLOAD_MISSING'
  | 'UPLOAD_TOO_LARGE'
  | 'UPLOAD_TOO_MANY_FILES'
  | 'UPLOAD_MALFORMED'
  | 'UPLOAD_TYPE_UNSUPPORTED'
  | 'UPLOAD_NOT_SIGNED';

export interface SignHttpErrorDetails {
  cause?: unknown;
  /** Sent with the response, such as Retry-After. */
  headers?: Readonly<Record<string, string>>;
  /** What to do next. */
  hint?: string;
  /** Default: true for a status below 500. */
  expose?: boolean;
  /** The result of each uploaded document, if there were several. */
  results?: readonly SignResult[];
}

/**
 * Passed to `next` and rejected with by this package. It carries what Express's own error handler reads (`status`, `headers`),
 * so a 401 from Sign'Stash never becomes a 401 of your server; {@link Error.cause} is core's error.
 */
export class SignHttpError extends Error {
  override readonly name = 'SignHttpError';
  readonly code: ErrorCode | MiddlewareErrorCode;
  /** The status to respond with. */
  readonly status: number;
  readonly statusCode: number;
  /** Whether the message may be shown to the caller: it is about the caller's own input only. */
  readonly expose: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly hint?: string;
  readonly results?: readonly SignResult[];

  constructor(
    code: ErrorCode | MiddlewareErrorCode,
    status: number,
    message: string,
    details: SignHttpErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = status;
    this.statusCode = status;
    this.expose = details.expose ?? status < 500;
    this.headers = details.headers ?? {};
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.results !== undefined) this.results = details.results;
  }
}

/** An error of this package or of core, with its status; undefined for any other error. */
export function knownHttpError(error: unknown): SignHttpError | undefined {
  if (error instanceof SignHttpError) return error;
  if (!isSignStashError(error)) return undefined;
  const { code, message, hint } = error;
  const status = httpStatus(error);
  // Other families' messages hold the service's text and addresses.
  const expose = status < 500 && errorCodes[code]?.family === 'validation';
  return new SignHttpError(code, status, message, { cause: error, headers: httpHeaders(error), hint, expose });
}

/** As {@link knownHttpError}; any other error is returned unchanged. */
export const toHttpError = (error: unknown): unknown => knownHttpError(error) ?? error;
