import type { ErrorCode, SignResult } from '@signstash-connect/core';

/** What can go wrong in the middleware itself; everything else carries a code of `@signstash-connect/core`. */
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
  | 'UPLOAD_NOT_SEALED';

export interface SealHttpErrorDetails {
  cause?: unknown;
  /** Sent with the answer, such as Retry-After. */
  headers?: Readonly<Record<string, string>>;
  /** What to do next. */
  hint?: string;
  /** Default: below 500. */
  expose?: boolean;
  /** The outcome of each uploaded document, where there were several. */
  results?: readonly SignResult[];
}

/**
 * What this package passes to `next` and rejects with. It carries what Express's own error handler reads (`status`, `headers`),
 * so an upstream 401 never becomes a 401 of yours; {@link Error.cause} is the core's error.
 */
export class SealHttpError extends Error {
  override readonly name = 'SealHttpError';
  readonly code: ErrorCode | MiddlewareErrorCode;
  /** The status to answer with. */
  readonly status: number;
  readonly statusCode: number;
  /** Whether the message may be shown to the caller: it speaks of nothing but what the caller sent. */
  readonly expose: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly hint?: string;
  readonly results?: readonly SignResult[];

  constructor(
    code: ErrorCode | MiddlewareErrorCode,
    status: number,
    message: string,
    details: SealHttpErrorDetails = {},
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
