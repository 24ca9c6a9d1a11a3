import { isSignStashError, type SignResult } from '@signstash-connect/core';
import { AdapterError, describeError, type ErrorDescription, isAdapterError } from '@signstash-connect/core/adapter';
import type { UploadErrorCode } from '@signstash-connect/core/adapter/node';

/** Errors of the middleware itself, with their status; every other code is one of `@signstash-connect/core`. */
const middlewareErrors = {
  CLIENT_MISSING: [500, 'No client is set up'],
  OPTIONS_FAILED: [500, 'A function among the options failed'],
  RESPONSE_ALREADY_SENT: [500, 'The response had already begun'],
  RESPONSE_ALREADY_ENCODED: [500, 'The response is already encoded'],
  RESPONSE_PARTIAL: [500, 'Only a part of a PDF was sent'],
  RESPONSE_TOO_LARGE: [500, 'The PDF is too large to be signed'],
  RESPONSE_INCOMPLETE: [500, 'The PDF is incomplete'],
  RESPONSE_CHANGED: [500, 'The response changed while it was sent'],
} as const;

export type MiddlewareErrorCode = keyof typeof middlewareErrors | UploadErrorCode | 'UPLOAD_NOT_SIGNED';

/** An error of the middleware itself. @param hint - What to do next. */
export function middlewareError(code: keyof typeof middlewareErrors, message: string, hint = '', cause?: unknown) {
  const [httpStatus, title] = middlewareErrors[code];
  return toHttpError(new AdapterError(code, message, { title, hint, httpStatus, cause })) as SignHttpError;
}

/**
 * The error that this package passes to `next` and rejects with. It carries what Express's own error handler reads (`status`, `headers`),
 * so a 401 from Sign'Stash never becomes a 401 of your server; {@link Error.cause} is core's error.
 */
export class SignHttpError extends Error {
  override readonly name = 'SignHttpError';
  /** One of core's codes, or a {@link MiddlewareErrorCode}. */
  readonly code: string;
  /** The status to respond with. */
  readonly status: number;
  readonly statusCode: number;
  readonly title: string;
  /** For the caller: nothing but the caller's own input, no settings, addresses or text of the service. */
  readonly publicDetail: string;
  /** Read by Express: whether the message may be shown. */
  readonly expose: boolean;
  /** Sent with the response, such as Retry-After. */
  readonly headers: Readonly<Record<string, string>>;
  /** What to do next. */
  readonly hint: string;
  /** The result of each uploaded document, if there were several. */
  readonly results?: readonly SignResult[];

  /** @internal */
  constructor(description: ErrorDescription, cause: unknown, headers = {}, results?: readonly SignResult[]) {
    super(description.detail, { cause });
    this.code = description.code;
    this.status = description.httpStatus;
    this.statusCode = this.status;
    this.title = description.title;
    this.publicDetail = description.publicDetail;
    this.expose = description.expose;
    this.hint = description.hint;
    this.headers = headers;
    if (results !== undefined) this.results = results;
  }
}

/** Seconds; a caller that is asked to wait longer would not come back. */
const maxRetryAfterSeconds = 600;

/** An error of this package or of core, with its status; undefined for any other error. */
export function knownHttpError(error: unknown, headers = {}): SignHttpError | undefined {
  if (error instanceof SignHttpError) return error;
  if (!isSignStashError(error) && !isAdapterError(error)) return undefined;
  const description = describeError(error);
  const { retryAfterSeconds } = description;
  const wait = retryAfterSeconds && { 'Retry-After': String(Math.min(retryAfterSeconds, maxRetryAfterSeconds)) };
  return new SignHttpError(description, isAdapterError(error) ? error.cause : error, { ...wait, ...headers });
}

/** As {@link knownHttpError}; any other error is returned unchanged. */
export const toHttpError = (error: unknown, headers = {}): unknown => knownHttpError(error, headers) ?? error;
