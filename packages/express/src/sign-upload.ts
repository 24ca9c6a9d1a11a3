import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { SignedDocument, SignResult, SignStash } from '@signstash-connect/core';
import { UniqueNames } from '@signstash-connect/core/adapter';
import { create as contentDisposition } from 'content-disposition';
import type { Request, RequestHandler, Response } from 'express';
import yazl from 'yazl';
import { knownHttpError, SignHttpError, toHttpError } from './errors.ts';
import { checkOptions } from './options.ts';
import { resolveLimits, type UploadedFile, type UploadLimits, uploadReader } from './read-upload.ts';
import {
  abortOnClose,
  type ClientOption,
  clientFinder,
  type PdfSignOptions,
  type PdfSignOptionsFor,
  resolveSignOptions,
  type SignCall,
  signedResponses,
  signPdfs,
} from './sign.ts';
import { createVerifier, type VerifyOptions } from './verify.ts';

export interface SignUploadOptions extends VerifyOptions {
  /** Default: the client of `signstash()`. */
  client?: ClientOption;
  /** Name of the form's file field. Default `file`. */
  field?: string;
  limits?: UploadLimits;
  /** How the documents are signed; a function is called for each file. The call's options are those of the first file. */
  options?: PdfSignOptionsFor<[req: Request, file: UploadedFile]>;
  /**
   * True (default) responds with the signed PDF, or a zip if there were several, or an error if any was not signed. False puts
   * the result of each into `req.signedFiles` and calls the next handler.
   */
  respond?: boolean;
}

/** A route that signs uploaded PDFs: one as `application/pdf`, or several as `multipart/form-data`. */
export function signUpload(options: SignUploadOptions = {}): RequestHandler {
  const where = 'signUpload';
  checkOptions(where, options, ['client', 'field', 'limits', 'options', 'respond', 'verify', 'trust']);
  const { client, field = 'file', options: signOptions, respond = true } = options;
  const findClient = clientFinder(where, client);
  const verifier = createVerifier(where, options);
  const readUpload = uploadReader(field, resolveLimits(`${where}.limits`, options.limits));

  return (req, res, next) => {
    const disconnected = abortOnClose(res);
    const handle = async () => {
      const client = findClient(res);
      const files = await readUpload(req);
      if (files.length === 0) {
        throw new SignHttpError('UPLOAD_MISSING', `The upload contains no document (field "${field}").`);
      }
      const toSign = files.map(async (file) => ({ file, options: await resolveSignOptions(signOptions, req, file) }));
      const results = await signFiles(client, await Promise.all(toSign), { disconnected, verifier });
      if (disconnected.aborted) return;
      if (respond) return sendSigned(res, requireAllSigned(results));
      req.signedFiles = results;
      next();
    };
    handle().catch((error) => {
      if (!disconnected.aborted) next(toHttpError(error));
    });
  };
}

interface FileToSign {
  file: UploadedFile;
  options: PdfSignOptions;
}

/** Signs files in one request, in the order given. A file that was uploaded twice is signed, and counted, once. */
async function signFiles(client: SignStash, files: readonly FileToSign[], call: SignCall) {
  const identities = files.map(({ file, options: { key = '', reference = '' } }) =>
    JSON.stringify([createHash('sha256').update(file.bytes).digest('hex'), key, reference]),
  );
  const unique = [...new Map(files.map((file, index) => [identities[index]!, file])).entries()];
  const inputs = unique.map(([, { file, options }]) => ({ content: file.bytes, name: file.name, options }));
  const results = await signPdfs(client, inputs, call);
  const byIdentity = new Map(unique.map(([identity], index) => [identity, results[index]!]));
  return files.map(({ file }, index): SignResult => ({ ...byIdentity.get(identities[index]!)!, name: file.name }));
}

/** @throws If any document was not signed: an incomplete zip would look like a complete one. */
function requireAllSigned(results: readonly SignResult[]): SignedDocument[] {
  const failures = results.flatMap((result) => (result.ok ? [] : [result.error]));
  if (failures.length === 0) return results.filter((result): result is SignedDocument => result.ok);
  if (results.length === 1) throw failures[0];
  const worst = failures.map((error) => knownHttpError(error)!).reduce((a, b) => (b.status > a.status ? b : a));
  const message = `${failures.length} of ${results.length} documents were not signed.`;
  const hint = 'Upload them again: documents already signed are retrieved, not signed again.';
  const { status, headers, cause } = worst;
  throw new SignHttpError('UPLOAD_NOT_SIGNED', message, { status, headers, cause, hint, results });
}

/** Sends one document as a PDF, several as a zip of PDFs. */
async function sendSigned(res: Response, documents: readonly SignedDocument[]): Promise<void> {
  signedResponses.add(res);
  const [first, ...others] = documents;
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Cache-Control', 'no-store');
  if (first && others.length === 0) {
    res.setHeader('Content-Disposition', contentDisposition(first.name));
    res.setHeader('Content-Type', 'application/pdf');
    res.setHeader('Content-Length', first.content.byteLength);
    res.end(first.content);
    return;
  }
  const zip = new yazl.ZipFile();
  const names = new UniqueNames();
  for (const { name, content } of documents) {
    // PDFs are compressed already.
    zip.addBuffer(Buffer.from(content), names.claim(name), { compress: false });
  }
  zip.end();
  res.setHeader('Content-Disposition', contentDisposition('signed.zip'));
  res.setHeader('Content-Type', 'application/zip');
  await pipeline(zip.outputStream, res);
}
