import type { ErrorBody } from '../errors/errors.ts';

/**
 * Everything this package assumes about the service that is not documented (API reference, tags "[inferred]" and
 * section 7, "Not known"). When a real answer disproves an assumption, change it here and nowhere else.
 */

/**
 * A look-up may say "not found" by 404, by 204, by an empty body, by `null`, by an id of 0 or less, or, at any status, by an error
 * body with that message. A web page comes from a gateway, whatever its status, and proves nothing.
 */
export function isNotFound(status: number, body: string): boolean {
  const text = body.trim();
  if (text.startsWith('<')) return false;
  if (status === 404 || status === 204) return true;
  if (status < 300) return text === '' || text === 'null' || /^"?(-\d+|0+)"?$/.test(text);
  if (!text.startsWith('{')) return false;
  const said = text.replaceAll('_', ' ');
  return (
    /\b(not ?found|no such|does ?n[o']t exist|unknown (operation|document|reference|external))/i.test(said) &&
    !/client ?service|licen[cs]e|issuer|partner|certificate|template|token/i.test(said)
  );
}

/** The message for an exceeded quota is not documented: these patterns use the terms of the service's documentation. */
export function isQuotaExceeded(body: ErrorBody): boolean {
  return /\b(usage|consumption|contract\w*|signatures?)\s+(count\s+)?limit|\bquota\b|\blimit\s+(usage|consumption|reached|exceeded)/i.test(
    allWords(body),
  );
}

/** Seen with status 409 instead of 429: "too many request". */
export const isThrottled = (body: ErrorBody): boolean => /\btoo many (parallel )?requests?\b/i.test(allWords(body));

const allWords = ({ errorCode = '', description = '', causeMessage = '' }: ErrorBody) =>
  `${errorCode} ${description} ${causeMessage}`.replaceAll('_', ' ');

/** The longest external reference; no limit is published. */
export const maxReferenceLength = 255;

/** The content type of what CAdES signs; only the PDF and XML ones are published. */
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
