import { isSignStashError, type SignedDocument, type SignResult } from '@signstash-connect/core';
import type { Request, RequestHandler } from 'express';
import { checkOptions } from '../check-options.ts';
import { type ClientOption, clientFinder } from '../client.ts';
import { abortOnClose } from '../client-gone.ts';
import { SealHttpError } from '../errors/seal-http-error.ts';
import { knownHttpError, toHttpError } from '../errors/to-http-error.ts';
import { chooseOptions, type SealChoice } from '../seal-options.ts';
import { answerSealed } from './answer-sealed.ts';
import { uploadReader } from './read-upload.ts';
import { sealFiles } from './seal-files.ts';
import { resolveLimits, type UploadLimits } from './upload-limits.ts';
import type { UploadedFile } from './uploaded-file.ts';

export type { UploadLimits } from './upload-limits.ts';

export interface SignUploadOptions {
  /** Default: the client of `signstash()`. */
  client?: ClientOption;
  /** Name of the form's file field. Default `file`. */
  field?: string;
  limits?: UploadLimits;
  /** How the documents are sealed; a function is asked for each file. The call's options are those of the first file. */
  options?: SealChoice<[req: Request, file: UploadedFile]>;
  /**
   * True (default) answers with the sealed PDF, or a zip where there were several, or an error where any was not sealed. False
   * leaves what became of each in `req.sealedFiles` and calls the next handler.
   */
  respond?: boolean;
}

/** A route that seals uploaded PDFs: one as `application/pdf`, or several as `multipart/form-data`. */
export function signUpload(options: SignUploadOptions = {}): RequestHandler {
  const where = 'signUpload';
  checkOptions(where, options, ['client', 'field', 'limits', 'options', 'respond']);
  const { client, field = 'file', options: choice, respond = true } = options;
  const findClient = clientFinder(where, client);
  const readUpload = uploadReader(field, resolveLimits(where, options.limits));

  return (req, res, next) => {
    const gone = abortOnClose(res);
    const handle = async () => {
      const client = findClient(res);
      const files = await readUpload(req, res);
      if (files.length === 0) {
        throw new SealHttpError('UPLOAD_MISSING', 400, `There is no document in the upload (field "${field}").`);
      }
      const toSeal = files.map(async (file) => ({ file, options: await chooseOptions(choice, req, file) }));
      const results = await sealFiles(client, await Promise.all(toSeal), gone);
      if (gone.aborted) return;
      if (respond) return answerSealed(res, allSealed(results));
      req.sealedFiles = results;
      next();
    };
    handle().catch((error) => {
      if (!gone.aborted) next(toHttpError(error));
    });
  };
}

/** @throws Where any document has no seal: half an upload would look like the whole of it. */
function allSealed(results: readonly SignResult[]): SignedDocument[] {
  const failures = results.flatMap((result) => (result.ok ? [] : [result.error]));
  if (failures.length === 0) return results.filter((result): result is SignedDocument => result.ok);
  if (results.length === 1) throw failures[0];
  const worst = failures
    .filter(isSignStashError)
    .map((error) => knownHttpError(error)!)
    .reduce((a, b) => (b.status > a.status ? b : a));
  const message = `${failures.length} of ${results.length} documents were not sealed.`;
  throw new SealHttpError('UPLOAD_NOT_SEALED', worst.status, message, {
    cause: worst.cause,
    headers: worst.headers,
    hint: 'Upload them again: documents that have their seal are found, not sealed a second time.',
    results,
  });
}
