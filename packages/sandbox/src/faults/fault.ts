import type { EndpointName, ServiceName } from '../endpoints.ts';
import type { SignErrorCode } from '../signer.ts';

/**
 * When a fault applies.
 * - `before`: nothing has been read or registered.
 * - `processing`: the request's references are registered and its documents are about to be signed; signing
 *   continues whatever the client receives. Sign endpoints only.
 * - `after`: the work is done, only the answer is affected.
 */
export type FaultPhase = 'before' | 'processing' | 'after';

/** Which requests a fault applies to. */
export interface FaultScope {
  /** Default `any`. */
  endpoint?: EndpointName | 'any';
  /** Default: either. */
  service?: ServiceName;
  /** How many requests it applies to. Default 1; `parallel-limit` and `refuse-document` stay until they are cleared. */
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

/** 409 with `errorCode` 0.0.10: the documented answer to an expired or foreign token. */
export interface TokenConflictFault extends FaultScope {
  kind: 'token-conflict';
}

/** 401 with a licence code: a new token does not help. */
export interface LicenceFault extends FaultScope {
  kind: 'licence';
  /** Default `1.1.1`. */
  errorCode?: '1.1.0' | '1.1.1';
}

/** Refuses sign requests while `limit` others are under way. Stays until cleared. */
export interface ParallelLimitFault extends FaultScope {
  kind: 'parallel-limit';
  limit: number;
  /** Default 429. */
  status?: 429 | 409;
  retryAfterSeconds?: number;
}

/** 429. */
export interface RateLimitFault extends FaultScope {
  kind: 'rate-limit';
  retryAfterSeconds?: number;
}

/** A 5xx with an error body. At `processing`, it simulates a gateway that gave up while the service is still working. */
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

/** The answer is truncated: complete headers, half a body, closed connection. */
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

/** Refused with the configured error body. Nothing is registered. */
export interface RejectFault extends FaultScope {
  kind: 'reject';
  /** Default 500, as the service answers bad requests. */
  status?: number;
  /** Default `0.0.6`. */
  errorCode?: string | null;
  errorCodeDescription?: string;
  causeMessage?: string;
}

/** Refused because the issuer's signatures are used up. Nothing is registered. */
export interface QuotaFault extends FaultScope {
  kind: 'quota';
}

/** Every request that holds the document is refused as a whole; nothing of it is registered. Stays until cleared. */
export interface RefuseDocumentFault extends FaultScope {
  kind: 'refuse-document';
  /** External reference of the document. */
  reference: string;
  /** Default `2.2.1`: the area is smaller than the image. */
  errorCode?: string;
  /** Default: the documented status of `errorCode`, 500 for an unknown one. */
  status?: number;
  /** How `causeMessage` identifies the document. Default `name`. */
  names?: 'name' | 'reference' | 'nothing';
}

/** Look-ups do not find the documents of the next sign request for a while; status and detail by id work. */
export interface LookupBlindFault extends FaultScope {
  kind: 'lookup-blind';
  delayMs: number;
}

/** The operation is of hashes only (`folderContent` HASH): its content is not stored. */
export interface HashFolderFault extends FaultScope {
  kind: 'hash-folder';
}

/** The answer of a sign or detail call has no `documentList`. */
export interface NoDocumentListFault extends FaultScope {
  kind: 'no-document-list';
  /** Default `null`. */
  value?: 'null' | 'empty' | 'missing';
}

/** `documentList` lacks a document, or has a second entry, `RECEIVED`, for it. */
export interface DocumentListFault extends FaultScope {
  kind: 'unlisted-document' | 'duplicate-entry';
  /** Default: the first document. */
  reference?: string;
}

/** A sign or detail answer, or the zip, has another content for a signed document. */
export interface WrongContentFault extends FaultScope {
  kind: 'wrong-content';
  /**
   * `unrelated` bytes of the same length, `tampered` (one byte changed), `truncated` to a half, the signed content of an
   * `other-document`, `empty`, an `html` page, or the `original` as it was sent.
   */
  as: 'unrelated' | 'tampered' | 'truncated' | 'other-document' | 'empty' | 'html' | 'original';
  /** Default: the first document. */
  reference?: string;
}

/** The sign call answers `EXECUTION_ERROR` or `PENDING_EXECUTION`; the service executes the operation later. */
export interface LateExecutionFault extends FaultScope {
  kind: 'execution-error' | 'pending';
  /** How many status or detail calls still see the old state. Default 1, unless `delayMs` is given. */
  pollsUntilExecuted?: number;
  /** Executes after this time instead of after polls. */
  delayMs?: number;
}

/** The operation ends as `EXECUTION_FAILED`; nothing is signed. */
export interface ExecutionFailedFault extends FaultScope {
  kind: 'execution-failed';
  /** Default `SIGN_OPERATION_INTERNAL_ERROR`. */
  signError?: SignErrorCode | (string & {});
}

/** One document ends as `ERROR_SIGNING`; the others of its request are signed. Several may apply to one request. */
export interface DocumentErrorFault extends FaultScope {
  kind: 'document-error';
  /** External reference of the document. Default: the first document of the next sign request. */
  reference?: string;
  /** Default `CERT_SERVICE_GLOBAL_ERROR`. */
  signError?: SignErrorCode | (string & {});
}

/** A failure on demand. */
export type Fault =
  | LatencyFault
  | UnauthorizedFault
  | TokenConflictFault
  | LicenceFault
  | ParallelLimitFault
  | RateLimitFault
  | ServerErrorFault
  | DropFault
  | TruncateFault
  | HtmlFault
  | EmptyFault
  | RejectFault
  | QuotaFault
  | RefuseDocumentFault
  | LookupBlindFault
  | HashFolderFault
  | NoDocumentListFault
  | DocumentListFault
  | WrongContentFault
  | LateExecutionFault
  | ExecutionFailedFault
  | DocumentErrorFault;

export type FaultKind = Fault['kind'];

/** The fault interface of a kind. */
export type FaultOf<Kind extends FaultKind, Candidate = Fault> = Candidate extends { kind: infer Kinds }
  ? Kind extends Kinds
    ? Candidate
    : never
  : never;

export type OutcomeFault = LateExecutionFault | ExecutionFailedFault;

/** Faults that replace, delay or damage an answer, as opposed to those that change the operation. */
export type TransportFault =
  | LatencyFault
  | UnauthorizedFault
  | TokenConflictFault
  | LicenceFault
  | RateLimitFault
  | ServerErrorFault
  | DropFault
  | TruncateFault
  | HtmlFault
  | EmptyFault
  | RejectFault
  | QuotaFault;
