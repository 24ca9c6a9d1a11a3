import type { EndpointName, ServiceName } from '../endpoints.ts';
import type { SignErrorCode } from '../sealer.ts';

/**
 * When a fault strikes.
 * - `before`: nothing has been read or registered.
 * - `processing`: the request's references are registered and its documents are about to be sealed; the sealing goes on
 *   whatever the client is told. Sign endpoints only.
 * - `after`: all is done, only the answer suffers.
 */
export type FaultPhase = 'before' | 'processing' | 'after';

/** Which requests a fault waits for. */
export interface FaultScope {
  /** Default `any`. */
  endpoint?: EndpointName | 'any';
  /** Default: either. */
  service?: ServiceName;
  /** How many requests it strikes. Default 1. */
  times?: number;
}

/** The request is answered late. */
export interface LatencyFault extends FaultScope {
  kind: 'latency';
  delayMs: number;
  /** Default `before`. */
  phase?: FaultPhase;
}

/** 401, as if the token (or, at the token endpoint, the credentials) were wrong. */
export interface UnauthorizedFault extends FaultScope {
  kind: 'unauthorized';
}

/** 429. */
export interface RateLimitFault extends FaultScope {
  kind: 'rate-limit';
  retryAfterSeconds?: number;
}

/** A 5xx with an error body. At `processing` it is a gateway that gave up while the service goes on. */
export interface ServerErrorFault extends FaultScope {
  kind: 'server-error';
  /** Default 500. */
  status?: number;
  retryAfterSeconds?: number;
  /** Default `before`. */
  phase?: FaultPhase;
}

/** The connection is cut without an answer. */
export interface DropFault extends FaultScope {
  kind: 'drop';
  /** Default `before`. */
  phase?: FaultPhase;
}

/** The answer breaks off half-way: right headers, half a body, closed connection. */
export interface TruncateFault extends FaultScope {
  kind: 'truncate';
}

/** A gateway's HTML page instead of the answer. */
export interface HtmlFault extends FaultScope {
  kind: 'html';
  /** Default 503. */
  status?: number;
  /** Default `before`. */
  phase?: FaultPhase;
}

/** An answer without a body. */
export interface EmptyFault extends FaultScope {
  kind: 'empty';
  /** Default 200. */
  status?: number;
  /** Default `after`. */
  phase?: FaultPhase;
}

/** Refused with an error body of your choice. Nothing is registered. */
export interface RejectFault extends FaultScope {
  kind: 'reject';
  /** Default 400. */
  status?: number;
  errorCode?: string;
  errorCodeDescription?: string;
  causeMessage?: string;
}

/** Refused because the issuer's signatures are used up. Nothing is registered. */
export interface QuotaFault extends FaultScope {
  kind: 'quota';
}

/** The sign call answers `EXECUTION_ERROR` or `PENDING_EXECUTION`; the service executes the operation later. */
export interface LateExecutionFault extends FaultScope {
  kind: 'execution-error' | 'pending';
  /** How many status or detail calls still see the old state. Default 1, unless `delayMs` is given. */
  pollsUntilExecuted?: number;
  /** Executes after this time instead of after polls. */
  delayMs?: number;
}

/** The operation ends as `EXECUTION_FAILED`; nothing is sealed. */
export interface ExecutionFailedFault extends FaultScope {
  kind: 'execution-failed';
  /** Default `SIGN_OPERATION_INTERNAL_ERROR`. */
  signError?: SignErrorCode | (string & {});
}

/** One document ends as `ERROR_SIGNING`; the others of its request are sealed. Several may strike one request. */
export interface DocumentErrorFault extends FaultScope {
  kind: 'document-error';
  /** External reference of the document. Default: the first document of the next sign request. */
  reference?: string;
  /** Default `CERT_SERVICE_GLOBAL_ERROR`. */
  signError?: SignErrorCode | (string & {});
}

/** Something that goes wrong, on demand. */
export type Fault =
  | LatencyFault
  | UnauthorizedFault
  | RateLimitFault
  | ServerErrorFault
  | DropFault
  | TruncateFault
  | HtmlFault
  | EmptyFault
  | RejectFault
  | QuotaFault
  | LateExecutionFault
  | ExecutionFailedFault
  | DocumentErrorFault;

export type FaultKind = Fault['kind'];

/** Faults that replace, delay or spoil an answer, as against those that change what the operation becomes. */
export type TransportFault = Exclude<Fault, OutcomeFault | DocumentErrorFault>;
export type OutcomeFault = LateExecutionFault | ExecutionFailedFault;
