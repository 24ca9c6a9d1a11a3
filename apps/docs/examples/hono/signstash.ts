import type { DocumentContent, SignedDocument, SignOneOptions, SignOptions, SignStash } from '@signstash-connect/core';
import { describeError, type ErrorDescription, UniqueNames } from '@signstash-connect/core/adapter';
import { UploadReader, uploadError } from '@signstash-connect/core/adapter/node';
import { type Zippable, zipSync } from 'fflate';
import type { Context, ErrorHandler, Handler } from 'hono';

export interface SendOptions extends SignOneOptions {
  /** Name under which the browser saves the file. */
  filename?: string;
}

/** Signs a PDF and sends it. Stops when the caller disconnects. */
export async function sendSigned(c: Context, client: SignStash, pdf: DocumentContent, options: SendOptions = {}) {
  const { filename = 'document.pdf', ...sign } = options;
  const { signal } = c.req.raw;
  return pdfResponse(await client.sign(pdf, { name: filename, ...sign, type: 'PAdES', signal }));
}

export interface UploadOptions {
  /** Name of the form's file field. Default `file`. */
  field?: string;
  /** Number of files, at most 99. Default 10. */
  maxFiles?: number;
  /** Bytes of one upload, which is in memory while it is signed. Default 50 MiB. */
  maxBytes?: number;
  sign?: SignOptions;
}

/** A route that signs uploaded PDFs: one comes back as a PDF, several as a zip. */
export function signUpload(client: SignStash, options: UploadOptions = {}): Handler {
  const { field = 'file', maxFiles = 10, maxBytes = 50 * 1024 * 1024, sign } = options;
  const reader = new UploadReader(field, { files: maxFiles, fileBytes: maxBytes, totalBytes: maxBytes });
  return async (c) => {
    const files = await readUpload(c, reader);
    const documents = files.map(({ bytes, name }) => ({ content: bytes, name, key: name }));
    const results = await client.signMany(documents, { ...sign, type: 'PAdES', signal: c.req.raw.signal });
    const signed = results.filter((result): result is SignedDocument => result.ok);
    const [failed] = results.filter((result) => !result.ok);
    // A partial result would look complete. Documents already signed are retrieved when they are uploaded again.
    if (failed) throw failed.error;
    return signed.length === 1 ? pdfResponse(signed[0] as SignedDocument) : zipResponse(signed);
  };
}

async function readUpload(c: Context, reader: UploadReader) {
  const type = c.req.header('content-type') ?? '';
  // Before anything is read. A body without a length is refused, too: it could be of any size.
  const length = Number(c.req.header('content-length') ?? Number.NaN);
  if (!(length <= reader.limits.totalBytes)) throw reader.tooLarge('totalBytes');
  if (!type.startsWith('multipart/form-data')) throw uploadError('UPLOAD_MALFORMED', 'Send multipart/form-data.');
  return (await reader.readForm(new Uint8Array(await c.req.arrayBuffer()), type)).files;
}

export interface ProblemOptions {
  /** Called with every error that is answered: the place to log. Callers see nothing of your settings. */
  onProblem?: (problem: ErrorDescription) => void;
}

/** Answers errors as problem details (RFC 9457), for `app.onError`. */
export function problemDetails({ onProblem }: ProblemOptions = {}): ErrorHandler {
  return (error) => {
    const problem = describeError(error, { retryAdvice: 'Send the same request again: nothing is signed twice.' });
    onProblem?.(problem);
    const { title, code, httpStatus: status, publicDetail: detail, retryAfterSeconds } = problem;
    return new Response(JSON.stringify({ type: 'about:blank', title, status, detail, code }), {
      status,
      headers: {
        'Content-Type': 'application/problem+json',
        'Cache-Control': 'no-store',
        ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
      },
    });
  };
}

const pdfResponse = ({ name, content }: SignedDocument) => fileResponse(content, name, 'application/pdf');

function zipResponse(documents: readonly SignedDocument[]): Response {
  const names = new UniqueNames();
  // PDFs are compressed inside.
  const entries: Zippable = {};
  for (const { name, content } of documents) entries[names.claim(name)] = [content, { level: 0 }];
  return fileResponse(zipSync(entries), 'signed.zip', 'application/zip');
}

function fileResponse(content: Uint8Array, name: string, type: string): Response {
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
  return new Response(new Uint8Array(content), {
    headers: {
      'Content-Type': type,
      'Content-Disposition': `attachment; filename*=UTF-8''${encoded}`,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    },
  });
}
