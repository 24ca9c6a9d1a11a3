import type { ErrorRequestHandler } from 'express';
import { MulterError } from 'multer';

/** An error response of the desk. */
export class DeskError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Last error handler: sends what `problemDetails()` passed on, in the same form. */
export const deskProblems: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) return next(error);
  const known = error instanceof DeskError ? error : fromStatus(error);
  if (known.status >= 500) console.error(error);
  const { status, code, message } = known;
  res.status(status).type('application/problem+json').set('Cache-Control', 'no-store');
  res.send(JSON.stringify({ type: 'about:blank', title: message, status, code }));
};

/** Express's own errors, such as a body that is not JSON, carry a status. */
function fromStatus(error: unknown): DeskError {
  if (error instanceof MulterError) {
    if (error.code === 'LIMIT_FILE_SIZE') return new DeskError('UPLOAD_TOO_LARGE', 413, 'A file is too large.');
    return new DeskError('REQUEST_INVALID', 400, 'The upload has too many files, or other fields than expected.');
  }
  const { status } = error as { status?: unknown };
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new DeskError('REQUEST_INVALID', status, 'The request is not valid.');
  }
  return new DeskError('DESK_FAILED', 500, 'The desk failed; see its log.');
}
