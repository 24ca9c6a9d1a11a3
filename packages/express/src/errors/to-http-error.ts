import { errorCodes, isSignStashError } from '@signstash-connect/core';
import { MulterError } from 'multer';
import { httpHeaders, httpStatus } from './http-status.ts';
import { type MiddlewareErrorCode, SealHttpError } from './seal-http-error.ts';

/** An error of the core or of multer, with its status; undefined for errors that are none of this package's business. */
export function knownHttpError(error: unknown): SealHttpError | undefined {
  if (error instanceof SealHttpError) return error;
  if (error instanceof MulterError) return uploadError(error);
  if (!isSignStashError(error)) return undefined;
  const { code, message, hint } = error;
  const status = httpStatus(error);
  // Other families' messages hold the service's words and addresses.
  const expose = status < 500 && errorCodes[code]?.family === 'validation';
  return new SealHttpError(code, status, message, { cause: error, headers: httpHeaders(error), hint, expose });
}

/** As {@link knownHttpError}; an unknown error is passed on as it is. */
export const toHttpError = (error: unknown): unknown => knownHttpError(error) ?? error;

/** multer's errors have no status, which Express would answer with 500. */
function uploadError(error: MulterError): SealHttpError {
  const [code, status] = uploadCodes[error.code] ?? ['UPLOAD_MALFORMED', 400];
  const field = error.field === undefined ? '' : ` (field ${JSON.stringify(error.field.slice(0, 100))})`;
  return new SealHttpError(code, status, `${error.message}${field}.`, { cause: error });
}

const uploadCodes: Partial<Record<string, [MiddlewareErrorCode, number]>> = {
  LIMIT_FILE_SIZE: ['UPLOAD_TOO_LARGE', 413],
  LIMIT_FIELD_VALUE: ['UPLOAD_TOO_LARGE', 413],
  LIMIT_FIELD_KEY: ['UPLOAD_TOO_LARGE', 413],
  LIMIT_FILE_COUNT: ['UPLOAD_TOO_MANY_FILES', 413],
  LIMIT_PART_COUNT: ['UPLOAD_TOO_MANY_FILES', 413],
  LIMIT_FIELD_COUNT: ['UPLOAD_TOO_MANY_FILES', 413],
};
