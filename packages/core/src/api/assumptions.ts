import type { ErrorBody } from '../errors/errors.ts';

/**
 * Everything this package assumes about the service that is written nowhere (API reference, tags "[inferred]" and
 * section 7, "Not known"). When a real answer teaches better, this is the one file to change.
 */

/** A look-up may say "not found" by 404, by 204, by an empty body, by `null`, or by an error body that says so. */
export function isNotFound(status: number, body: string): boolean {
  const text = body.trim();
  if (status === 404 || status === 204) return true;
  if (status < 300) return text === '' || text === 'null';
  return (
    (status === 400 || status === 410 || status === 422) &&
    /not[ _-]?found|does[ _]?n[o']t[ _]exist|unknown[ _]/i.test(text)
  );
}

/** How the service words "the contract's number of signatures is used up" is unknown: taken from its vocabulary. */
export function isQuotaExceeded(words: ErrorBody): boolean {
  const said = `${words.errorCode ?? ''} ${words.description ?? ''} ${words.causeMessage ?? ''}`.replaceAll('_', ' ');
  return /\b(usage|consumption|contract\w*|signatures?)\s+(count\s+)?limit|\bquota\b|\blimit\s+(usage|consumption|reached|exceeded)/i.test(
    said,
  );
}

/**
 * Whether a status of the sign call leaves open if documents were sealed. A refusal (4xx) is taken as "nothing was sealed
 * by this request", but never as "nothing was sealed before": the references are looked up all the same.
 */
export function leavesOutcomeOpen(status: number, hasRetryAfter: boolean): boolean {
  return status === 408 || (status >= 500 && !(status === 503 && hasRetryAfter));
}

/** The longest external reference; no limit is published. */
export const maxReferenceLength = 255;

/** The content type of what CAdES seals; only the PDF and XML ones are published. */
export const binaryContentType = 'application/octet-stream';

/** Names of the multipart form's parts; a file is matched to its entry by order and by file name, so both are kept. */
export const multipartParts = { file: 'files', request: 'signRequest' } as const;

/** Most documents in one synchronous request: the vendor says "fewer than 100". */
export const maxDocumentsPerRequest = 99;

/**
 * By how much a signed document is larger than the original: 18,944 bytes are reserved for the signature, twice that in hexadecimal
 * (API reference, section 6), plus an allowance for the image of a visible seal. Bytes.
 */
export const signatureOverheadBytes = 128 * 1024;
