import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { SignedDocument, SignResult } from '@signstash-connect/core';
import { AdapterError, describeError, UniqueNames } from '@signstash-connect/core/adapter';
import { type UploadedFile, type UploadLimits, UploadReader } from '@signstash-connect/core/adapter/node';
import { create as contentDisposition } from 'content-disposition';
import type { Request, RequestHandler, Response } from 'express';
import yazl from 'yazl';
import { knownHttpError, SignHttpError, toHttpError } from './errors.ts';
import { checkOptions } from './options.ts';
import { readUpload } from './read-upload.ts';
import {
  abortOnClose,
  createSigner,
  type PdfInput,
  type PdfSignOptionsFor,
  resolveSignOptions,
  type SigningOptions,
  sendPdf,
  signedResponses,
} from './sign.ts';

export interface SignUploadOptions extends SigningOptions {
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
  const { field = 'file', options: signOptions, respond = true } = options;
  const signer = createSigner(where, options);
  const reader = new UploadReader(field, options.limits, { nameOf: (name) => `${where}.limits.${name}` });

  return (req, res, next) => {
    const disconnected = abortOnClose(res);
    const handle = async () => {
      const client = signer.findClient(res);
      const files = await readUpload(req, reader);
      const inputs = files.map(async (file) => {
        const options = await resolveSignOptions(signOptions, req, file);
        return { content: file.bytes, name: file.name, options };
      });
      const results = await signOnce(await Promise.all(inputs), (unique) => signer.sign(client, unique, disconnected));
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

interface UploadInput extends PdfInput {
  content: Uint8Array;
  name: string;
}

/** Signs files in one request, in the order given. A file that was uploaded twice is signed, and counted, once. */
async function signOnce(files: readonly UploadInput[], sign: (files: UploadInput[]) => Promise<SignResult[]>) {
  const identities = files.map(({ content, options: { key = '', reference = '' } = {} }) =>
    JSON.stringify([createHash('sha256').update(content).digest('hex'), key, reference]),
  );
  const unique = [...new Set(identities)];
  const results = await sign(unique.map((identity) => files[identities.indexOf(identity)]!));
  return files.map(({ name }, index): SignResult => ({ ...results[unique.indexOf(identities[index]!)]!, name }));
}

/** @throws If any document was not signed: an incomplete zip would look like a complete one. */
function requireAllSigned(results: readonly SignResult[]): SignedDocument[] {
  const failures = results.flatMap((result) => (result.ok ? [] : [result.error]));
  if (failures.length === 0) return results.filter((result): result is SignedDocument => result.ok);
  if (results.length === 1) throw failures[0];
  const { status, headers, cause } = failures
    .map((error) => knownHttpError(error)!)
    .reduce((a, b) => (b.status > a.status ? b : a));
  const error = new AdapterError(
    'UPLOAD_NOT_SIGNED',
    `${failures.length} of ${results.length} documents were not signed.`,
    {
      title: 'Not every document was signed',
      hint: 'Upload them again: documents already signed are retrieved, not signed again.',
      httpStatus: status,
      expose: true,
    },
  );
  throw new SignHttpError(describeError(error), cause, headers, results);
}

/** Sends one document as a PDF, several as a zip of PDFs. */
async function sendSigned(res: Response, documents: readonly SignedDocument[]): Promise<void> {
  signedResponses.add(res);
  const [first, ...others] = documents;
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Cache-Control', 'no-store');
  if (first && others.length === 0) {
    res.setHeader('Content-Disposition', contentDisposition(first.name));
    return sendPdf(res, first.content);
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
