import type { OperationDocument } from '../api/response/operation.ts';
import type { SignStashError } from '../errors/errors.ts';
import type { Outcome } from './outcome.ts';

/** What every result of a signed document contains, whichever method returned it. */
export interface SignedResult {
  readonly ok: true;
  /** The external reference of the document. */
  readonly reference: string;
  readonly name: string;
  /** Absent if only the journal of a batch knows that the document was signed. */
  readonly operationId?: string;
  /** True if the document had been signed before: by a call whose answer was lost, or by an earlier run. */
  readonly recovered: boolean;
}

/** A signed document of `sign` and `signMany`. */
export interface SignedDocument<T = Uint8Array> extends SignedResult {
  readonly contentType: string;
  readonly operationId: string;
  /** The signed content. */
  readonly content: T;
  /** What the service says about the document. */
  readonly document: OperationDocument<T>;
}

/** A document that was not signed, or whose outcome is unknown: see the code of the error. */
export interface FailedDocument {
  readonly ok: false;
  /** Empty if the document could not be read. */
  readonly reference: string;
  readonly name: string;
  readonly error: SignStashError;
}

/** The result of one document: of `signMany` by default, of `signAll` with `SignedBatchDocument`. */
export type SignResult<S extends SignedResult = SignedDocument> = S | FailedDocument;

/** The outcome as a result of the public API. */
export function signResult<T>(outcome: Outcome<T>): SignResult<SignedDocument<T>> {
  const { reference, name, contentType } = outcome.document;
  if (!outcome.signed) return { ok: false, reference, name, error: outcome.error };
  const { operationId, recovered, details, content } = outcome;
  return { ok: true, reference, name, contentType, operationId, recovered, document: details, content: content as T };
}
