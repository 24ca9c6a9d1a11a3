import type { EndpointName } from '../api/endpoints.ts';
import type { ErrorCode } from '../errors/codes.ts';
import type { OnWarning } from '../utils/warning.ts';

/** An HTTP request that is about to be sent. */
export interface RequestEvent {
  /** Identifies the request within its client; counts from 1. */
  readonly id: number;
  readonly endpoint: EndpointName | 'token';
  readonly method: 'GET' | 'POST';
  /** Without its query string. */
  readonly url: string;
  /** Length of the request body. Bytes; absent without a body and for token requests. */
  readonly bytes?: number;
  /** External references of the documents that the request is about, if known. */
  readonly references?: readonly string[];
}

/** The end of an HTTP request: its answer has been read, or it failed. */
export interface ResponseEvent extends RequestEvent {
  /** HTTP status; absent if no answer arrived. */
  readonly status?: number;
  /** Code of the error that the call ended with; absent if it succeeded. */
  readonly code?: ErrorCode;
  /** Milliseconds from the request until its answer was read. */
  readonly durationMs: number;
}

/** A call that failed and is repeated. */
export interface RetryEvent {
  /** `sign`: a sign request, `read`: any other request to the API, `token`: a token request. */
  readonly call: 'sign' | 'read' | 'token';
  /** The attempt that failed; counts from 1. */
  readonly attempt: number;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
  readonly code: ErrorCode;
  /** Why the attempt failed. */
  readonly message: string;
  /** External references of the documents that are sent again. */
  readonly references?: readonly string[];
}

/** A new access token of the authorization server. Never contains the token. */
export interface TokenIssuedEvent {
  /** Without its query string. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Milliseconds for the token, failed attempts included. */
  readonly durationMs: number;
}

/** A document that the service signed. */
export interface SignedEvent {
  readonly reference: string;
  readonly name: string;
  readonly operationId: string;
  /** True if the document had been signed before: by a call whose answer was lost, or by an earlier run. */
  readonly recovered: boolean;
  /** Milliseconds from the start of the call for the group of documents. */
  readonly durationMs: number;
}

/**
 * Functions that are called as work proceeds. Events contain no token, secret, `Authorization` header or query string. A hook that throws
 * or rejects never affects the call; hooks are not awaited.
 */
export interface Hooks {
  onRequest?: (event: RequestEvent) => unknown;
  onResponse?: (event: ResponseEvent) => unknown;
  onRetry?: (event: RetryEvent) => unknown;
  /** Not called for a token from the token store. */
  onTokenIssued?: (event: TokenIssuedEvent) => unknown;
  /** Called instead of sending a document again: the service had signed it before. `onSigned` follows. */
  onRecovered?: (event: SignedEvent) => unknown;
  /** Called once per signed document, when its content has passed the check. */
  onSigned?: (event: SignedEvent) => unknown;
  /** Called for non-fatal problems, such as an unreachable token store. */
  onWarning?: OnWarning;
}

/** Any logger with these methods: `console`, pino, winston. Messages are complete without `details`. */
export interface Logger {
  debug(message: string, details?: object): unknown;
  info(message: string, details?: object): unknown;
  warn(message: string, details?: object): unknown;
  error(message: string, details?: object): unknown;
}

export type TraceChannel = 'token' | 'request' | 'sign';

/** Publishes the start and the end of traced work. */
export interface Tracing {
  /** Whether anything subscribes to the channel. */
  isEnabled(channel: TraceChannel): boolean;
  /**
   * Runs `work` and publishes `context` before and after it. Publishes neither its value nor its error, except as `error`: a copy
   * with name, code and redacted message. Settles as `work` does.
   */
  trace<R>(channel: TraceChannel, context: object, work: () => Promise<R>): Promise<R>;
}
