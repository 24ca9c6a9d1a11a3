import { isSignStashError, type SignResult } from '@signstash-connect/core';
import { describeError, isAdapterError } from '@signstash-connect/core/adapter';

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
  UPLOAD_MISSING: [400, 'The upload contains no document'],
  UPLOAD_MALFORMED: [400, 'The upload cannot be read'],
  UPLOAD_TOO_LARGE: [413, 'The upload is too large'],
  UPLOAD_TOO_MANY_FILES: [413, 'The upload has too many files'],
  UPLOAD_TYPE_UNSUPPORTED: [415, 'The type of the upload is not supported'],
  UPLOAD_NOT_SIGNED: [502, 'Not every document was signed'],
} as const;

export type MiddlewareErrorCode = keyof typeof middlewareErrors;

export interface SignHttpErrorDetails {
  cause?: unknown;
  /** Default: that of the code. */
  status?: number | undefined;
  /** Default: that of the code. */
  title?: string;
  /** Sent with the response, such as Retry-After. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** What to do next. */
  hint?: string;
  /** Shown to the caller. Default: the message, for a status below 500. */
  publicDetail?: string;
  /** The result of each uploaded document, if there were several. */
  results?: readonly SignResult[];
}

const serverFault = 'The cause is on this server; the same request will fail again until it is fixed.';

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
  readonly headers: Readonly<Record<string, string>>;
  readonly hint?: string;
  readonly results?: readonly SignResult[];

  constructor(code: string, message: string, details: SignHttpErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    const [status, title] = middlewareErrors[code as MiddlewareErrorCode] ?? [500, 'The document was not signed'];
    this.code = code;
    this.status = details.status ?? status;
    this.statusCode = this.status;
    this.title = details.title ?? title;
    this.publicDetail = details.publicDetail ?? (this.status < 500 || details.results ? message : serverFault);
    this.expose = this.publicDetail === message;
    this.headers = details.headers ?? {};
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.results !== undefined) this.results = details.results;
  }
}

/** Seconds; a caller that is asked to wait longer would not come back. */
const maxRetryAfterSeconds = 600;

/** An error of this package or of core, with its status; undefined for any other error. */
export function knownHttpError(error: unknown): SignHttpError | undefined {
  if (error instanceof SignHttpError) return error;
  if (!isSignStashError(error) && !isAdapterError(error)) return undefined;
  const { code, detail, httpStatus: status, title, hint, publicDetail, retryAfterSeconds } = describeError(error);
  const headers = retryAfterSeconds && { 'Retry-After': String(Math.min(retryAfterSeconds, maxRetryAfterSeconds)) };
  return new SignHttpError(code, detail, { cause: error, status, title, hint, publicDetail, headers: headers || {} });
}

/** As {@link knownHttpError}; any other error is returned unchanged. */
export const toHttpError = (error: unknown): unknown => knownHttpError(error) ?? error;
