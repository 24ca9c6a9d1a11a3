import { findStopReason, signErrorFix } from '../api/error-table.ts';
import type { OperationDocument } from '../api/response/operation.ts';
import type { ErrorCodeOf } from '../errors/codes.ts';
import {
  AbortedError,
  DocumentFailedError,
  isSignStashError,
  LookupError,
  OutcomeUnknownError,
  ServiceRejectedError,
  type SignStashError,
} from '../errors/errors.ts';
import type { PreparedDocument } from './document-input.ts';

/** How one document ended. */
export type Outcome<T> = SignedOutcome<T> | FailedOutcome;

export interface SignedOutcome<T> {
  readonly signed: true;
  readonly document: PreparedDocument;
  readonly operationId: string;
  /** Undefined if no content was requested. */
  readonly content: T | undefined;
  /** What the service says about the document. */
  readonly details: OperationDocument<T>;
  /** True if it was found by a look-up instead of coming in the answer to the sign request. */
  readonly recovered: boolean;
}

export interface FailedOutcome {
  readonly signed: false;
  readonly document: PreparedDocument;
  readonly error: SignStashError;
}

/** A refused request whose documents were sent again in smaller groups. */
export interface Split {
  /** How many documents the refused request had. */
  readonly documents: number;
  /** Why it was refused. */
  readonly error: SignStashError;
}

type Named = Pick<PreparedDocument, 'name' | 'reference'>;

const about = ({ name, reference }: Named, operationId?: string) => ({
  document: name,
  references: [reference],
  operationId,
});

/** The operation failed permanently, or the document in it. */
export function notSigned(document: Named, operationId: string, signError: string | undefined, recovered: boolean) {
  const operation = `operation ${operationId}${recovered ? ', from an earlier request,' : ''}`;
  const message = `${document.name}: ${operation} could not sign it${signError ? ` (${signError})` : ''}.`;
  const hint = signErrorFix(signError);
  return new DocumentFailedError('DOCUMENT_FAILED', message, { ...about(document, operationId), signError, hint });
}

export function pending(document: Named, operationId: string) {
  const message = `${document.name}: operation ${operationId} has not signed it yet.`;
  return new DocumentFailedError('DOCUMENT_PENDING', message, about(document, operationId));
}

export function contentUnavailable(document: Named, operationId: string, cause?: unknown) {
  const why = cause instanceof Error ? ` ${cause.message}` : '';
  const message = `${document.name}: operation ${operationId} signed it, but its content cannot be fetched.${why}`;
  return new DocumentFailedError('CONTENT_UNAVAILABLE', message, { ...about(document, operationId), cause });
}

/** The operation is known, but not what it did with the document. */
export function notListed(document: Named, operationId: string, cause?: SignStashError) {
  const why = cause ? cause.message : `Operation ${operationId} does not list it.`;
  const message = `${document.name}: ${why} Could not determine whether it was signed.`;
  const hint = `Look up operation ${operationId} later, or send its id to Sign'Stash support; do not send the document again.`;
  return new OutcomeUnknownError(message, {
    ...about(document, operationId),
    references: [document.reference],
    cause,
    hint,
  });
}

/** Documents that were, or may have been, sent and that no look-up found. */
export function unknown(documents: readonly Named[], why: string, cause?: SignStashError, hint?: string) {
  const references = documents.map(({ reference }) => reference);
  const what = documents.length === 1 ? `${documents[0]?.name} was` : `${documents.length} documents were`;
  const message = `${why} Could not determine whether ${what} signed.`;
  const document = documents.length === 1 ? documents[0]?.name : undefined;
  return new OutcomeUnknownError(message, { references, document, cause, hint });
}

/** The look-up before sending failed. What no look-up can fail by alone, such as refused credentials, stays as it is. */
export function lookupFailed(document: Named, cause: SignStashError): SignStashError {
  switch (cause.code) {
    case 'TIMEOUT':
    case 'NETWORK_INTERRUPTED':
    case 'PROTOCOL_TRUNCATED':
    case 'PROTOCOL_UNEXPECTED':
    case 'SERVICE_REJECTED':
    case 'SERVICE_UNAVAILABLE':
    case 'SERVICE_FAILED':
    case 'REFERENCE_TAKEN':
    case 'PAYLOAD_TOO_LARGE':
    case 'RATE_LIMITED': {
      const message = `${document.name} was not sent: the look-up of its reference failed. ${cause.message}`;
      return new LookupError(message, { ...about(document), cause, status: cause.status });
    }
    default:
      return cause;
  }
}

/** A refusal of a whole request, as the error of the one document that caused it. A refusal of the account names none. */
export function refused(document: Named, error: SignStashError): SignStashError {
  // A failure that every document would have is not about this one.
  if (!(error instanceof ServiceRejectedError) || error.document !== undefined || findStopReason(error) !== undefined)
    return error;
  const { code, message, status, hint } = error;
  const details = { ...about(document, error.operationId), status, hint };
  return new ServiceRejectedError(code as ErrorCodeOf<'rejected'>, `${document.name}: ${message}`, error, details);
}

/** Converts anything thrown into an error of this package; unknown errors come from the caller's store, source or signal. */
export function asError(problem: unknown, what: string, signal?: AbortSignal): SignStashError {
  if (isSignStashError(problem)) return problem;
  if (signal?.aborted) return new AbortedError(`${what}: the caller stopped the call.`, { cause: signal.reason });
  const reason = problem instanceof Error ? problem.message : String(problem);
  return new DocumentFailedError('OUTPUT_FAILED', `${what}: ${reason}`, { cause: problem });
}

/** Errors that are final whatever was sent before: the caller aborted, or its own storage failed. */
export const isCertain = ({ code }: SignStashError): boolean => code === 'ABORTED' || code === 'OUTPUT_FAILED';
