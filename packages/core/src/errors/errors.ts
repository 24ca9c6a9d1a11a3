import { type ErrorCode, type ErrorCodeOf, errorCodes } from './codes.ts';
import { redact } from './redact.ts';

/** Optional details of an error. They never contain a secret. */
export interface ErrorDetails {
  /** The underlying error; its message is not repeated in ours. */
  cause?: unknown;
  /** Replaces the hint of the code if more is known. */
  hint?: string | undefined;
  /** The operation at the service, if known. */
  operationId?: string | undefined;
  /** The external references of the documents concerned. */
  references?: readonly string[] | undefined;
  /** File name or path of the document concerned. */
  document?: string | undefined;
  /** HTTP status of the answer that caused this. */
  status?: number | undefined;
  /** No connection could be made, and the host has not answered any request of this client. */
  neverAnswered?: boolean | undefined;
}

const brand: unique symbol = Symbol.for('@signstash-connect/core/error') as never;

/** Base of every error this package throws. Branch on {@link code} or on the class, never on the message. */
export abstract class SignStashError extends Error {
  readonly [brand] = true;
  /** Stable and documented, see {@link errorCodes}. */
  readonly code: ErrorCode;
  /** True if the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** What to do next. */
  readonly hint: string;
  declare readonly operationId?: string;
  declare readonly references?: readonly string[];
  declare readonly document?: string;
  declare readonly status?: number;
  /** True if no connection could be made and the host has not answered any request of this client: check its address. */
  declare readonly neverAnswered?: boolean;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(redact(message), details.cause === undefined ? undefined : { cause: safeCause(details.cause) });
    // Set by hand: a bundler that minifies would rename the class.
    Object.defineProperty(this, 'name', { value: errorNames[errorCodes[code].family], configurable: true });
    this.code = code;
    this.retryable = errorCodes[code].retryable;
    this.hint = details.hint ?? errorCodes[code].hint;
    if (details.operationId !== undefined) this.operationId = details.operationId;
    if (details.references !== undefined) this.references = details.references;
    if (details.document !== undefined) this.document = details.document;
    if (details.status !== undefined) this.status = details.status;
    if (details.neverAnswered) this.neverAnswered = true;
  }

  /** A plain object that is safe to log. */
  toJSON(): Record<string, unknown> {
    const { name, message } = this;
    return { name, message, ...(this as object) };
  }
}

const errorNames = {
  configuration: 'ConfigurationError',
  credentials: 'CredentialsError',
  token: 'TokenError',
  validation: 'ValidationError',
  rejected: 'ServiceRejectedError',
  lookup: 'LookupError',
  document: 'DocumentFailedError',
  quota: 'QuotaExceededError',
  network: 'NetworkError',
  timeout: 'TimeoutError',
  aborted: 'AbortedError',
  protocol: 'ProtocolError',
  outcome: 'OutcomeUnknownError',
} as const;

/** A setting is missing or wrong. Thrown before anything is sent. */
export class ConfigurationError extends SignStashError {
  /** The name of the setting, as the caller writes it. */
  readonly setting: string;
  constructor(code: ErrorCodeOf<'configuration'>, setting: string, message: string, details?: ErrorDetails) {
    super(code, message, details);
    this.setting = setting;
  }
}

/** The authorization server refused client id and secret. Never retried: a second try can only lock the account. */
export class CredentialsError extends SignStashError {
  /** The two settings to check. */
  readonly settings: readonly ['clientId', 'clientSecret'] = ['clientId', 'clientSecret'];
  constructor(message: string, details?: ErrorDetails) {
    super('CREDENTIALS_REFUSED', message, details);
  }
}

/** No usable token could be had, or the API refuses even a fresh one. */
export class TokenError extends SignStashError {
  constructor(code: ErrorCodeOf<'token'>, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** The input is wrong. Thrown before anything is sent. */
export class ValidationError extends SignStashError {
  constructor(code: ErrorCodeOf<'validation'>, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** What the service said when it refused a request (API reference, section 6: error body). */
export interface ErrorBody {
  errorCode?: string | undefined;
  description?: string | undefined;
  causeMessage?: string | undefined;
  /** Seconds the service asks to wait. */
  retryAfterSeconds?: number | undefined;
}

/** The service answered with an error. */
export class ServiceRejectedError extends SignStashError {
  declare readonly errorCode?: string;
  declare readonly description?: string;
  declare readonly causeMessage?: string;
  declare readonly retryAfterSeconds?: number;
  constructor(code: ErrorCodeOf<'rejected'>, message: string, body: ErrorBody = {}, details?: ErrorDetails) {
    super(code, message, details);
    if (body.errorCode !== undefined) this.errorCode = redact(body.errorCode);
    if (body.description !== undefined) this.description = redact(body.description);
    if (body.causeMessage !== undefined) this.causeMessage = redact(body.causeMessage);
    if (body.retryAfterSeconds !== undefined) this.retryAfterSeconds = body.retryAfterSeconds;
  }
}

/** The look-up before sending failed, so that the document was not sent: the cause says why. */
export class LookupError extends SignStashError {
  constructor(message: string, details?: ErrorDetails) {
    super('LOOKUP_FAILED', message, details);
  }
}

/** One document was not signed, or its signed content cannot be had. */
export class DocumentFailedError extends SignStashError {
  /** The service's reason (API reference, section 6), passed on even if this version does not know it. */
  declare readonly signError?: string;
  constructor(
    code: ErrorCodeOf<'document'>,
    message: string,
    details?: ErrorDetails & { signError?: string | undefined },
  ) {
    super(code, message, details);
    if (details?.signError !== undefined) this.signError = redact(details.signError);
  }

  /** With `CONTENT_NOT_VALID` for a document signed in memory: what was returned. Not enumerable, so that no log prints it. */
  declare readonly rejectedContent?: Uint8Array;

  /** @internal */
  keepContent(content: Uint8Array): void {
    Object.defineProperty(this, 'rejectedContent', { value: content });
  }
}

/** The contract's number of signatures is used up. */
export class QuotaExceededError extends SignStashError {
  declare readonly errorCode?: string;
  declare readonly description?: string;
  constructor(message: string, body: ErrorBody = {}, details?: ErrorDetails) {
    super('QUOTA_EXCEEDED', message, details);
    if (body.errorCode !== undefined) this.errorCode = redact(body.errorCode);
    if (body.description !== undefined) this.description = redact(body.description);
  }
}

/** No connection (`NETWORK_UNREACHABLE`: nothing was sent) or a broken one (`NETWORK_INTERRUPTED`: it may have been). */
export class NetworkError extends SignStashError {
  constructor(code: ErrorCodeOf<'network'>, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** No complete answer in time. The service may have done the work. */
export class TimeoutError extends SignStashError {
  constructor(message: string, details?: ErrorDetails) {
    super('TIMEOUT', message, details);
  }
}

/** The caller's AbortSignal fired. */
export class AbortedError extends SignStashError {
  constructor(message: string, details?: ErrorDetails) {
    super('ABORTED', message, details);
  }
}

/** The answer is not what the API describes: HTML, empty, truncated, not JSON, or without its required fields. */
export class ProtocolError extends SignStashError {
  constructor(code: ErrorCodeOf<'protocol'>, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** Could not determine whether {@link references} were signed. Sending them again might sign, and charge, twice. */
export class OutcomeUnknownError extends SignStashError {
  declare readonly references: readonly string[];
  constructor(message: string, details: ErrorDetails & { references: readonly string[] }) {
    super('OUTCOME_UNKNOWN', message, details);
  }
}

/** True for every error of this package, also across two copies of it in one process. */
export function isSignStashError(error: unknown): error is SignStashError {
  return typeof error === 'object' && error !== null && brand in error;
}

/**
 * A cause may come from any library and hold the request with its headers: only name, code, redacted message and stack
 * are kept, so that no `console.log` or error reporter can print a token.
 */
function safeCause(cause: unknown, depth = 0): unknown {
  if (isSignStashError(cause)) return cause;
  if (!(cause instanceof Error)) return redact(String(cause));
  const safe = new Error(redact(cause.message));
  Object.defineProperty(safe, 'name', { value: cause.name, configurable: true });
  safe.stack = redact(cause.stack ?? '');
  const { code } = cause as { code?: unknown };
  if (typeof code === 'string') Object.assign(safe, { code });
  if (cause.cause !== undefined && depth < 4) safe.cause = safeCause(cause.cause, depth + 1);
  return safe;
}
