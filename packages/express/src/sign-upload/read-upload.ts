import { parse as parseDisposition } from 'content-disposition';
import type { Request, RequestHandler, Response } from 'express';
import multer from 'multer';
import { SealHttpError } from '../errors/seal-http-error.ts';
import { boundedMemory } from './bounded-memory.ts';
import type { UploadLimits } from './upload-limits.ts';
import { safeName, type UploadedFile } from './uploaded-file.ts';

/** Room for a multipart body's boundaries and part headers. */
const overheadBytes = 64 * 1024;

/** @returns What reads the documents out of a request, bounded in memory. */
export function uploadReader(
  field: string,
  limits: Required<UploadLimits>,
): (req: Request, res: Response) => Promise<UploadedFile[]> {
  const multipart = multer({
    storage: boundedMemory(limits.totalBytes),
    // Browsers send names in UTF-8; multer's own default is Latin-1.
    defParamCharset: 'utf8',
    limits: {
      fileSize: limits.fileBytes,
      files: limits.files,
      fields: 20,
      fieldSize: 16 * 1024,
      parts: limits.files + 20,
    },
  }).array(field, limits.files);

  return async (req, res) => {
    if (req.is('multipart/form-data')) {
      refuseDeclaredSize(req, limits.totalBytes + overheadBytes);
      await run(multipart, req, res);
      const files = (req.files ?? []) as Express.Multer.File[];
      return files.map((file, index) => ({ name: safeName(file.originalname, index + 1), bytes: file.buffer }));
    }
    if (req.is('application/pdf')) {
      refuseDeclaredSize(req, limits.fileBytes);
      const bytes = Buffer.isBuffer(req.body) ? req.body : await readBody(req, limits.fileBytes);
      return bytes.byteLength === 0 ? [] : [{ name: safeName(declaredName(req), 1), bytes }];
    }
    const message = 'Send one PDF as application/pdf, or several as multipart/form-data.';
    throw new SealHttpError('UPLOAD_TYPE_UNSUPPORTED', 415, message, {
      headers: { Accept: 'application/pdf, multipart/form-data' },
    });
  };
}

/** Before anything is read: multer would take the whole body in before it says no. */
function refuseDeclaredSize(req: Request, maxBytes: number): void {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(req, maxBytes);
}

async function readBody(req: Request, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Left early it must not take the connection along: the refusal has yet to be sent on it.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(req, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(req: Request, maxBytes: number): SealHttpError {
  // What still comes is thrown away until the refusal is sent and the connection closed.
  req.resume();
  const message = `The upload is larger than the ${maxBytes} bytes that are taken.`;
  return new SealHttpError('UPLOAD_TOO_LARGE', 413, message, { headers: { Connection: 'close' } });
}

function declaredName(req: Request): string | undefined {
  const header = req.headers['content-disposition'];
  try {
    return header === undefined ? undefined : parseDisposition(header).parameters.filename;
  } catch {
    return undefined;
  }
}

function run(handler: RequestHandler, req: Request, res: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    handler(req, res, (error?: unknown) => {
      if (error === undefined || error === null) return resolve();
      reject(error instanceof multer.MulterError ? error : malformed(error));
    });
  });
}

/** busboy's errors are plain ones: a body that breaks off, or has no boundary. */
const malformed = (cause: unknown) =>
  new SealHttpError('UPLOAD_MALFORMED', 400, 'The multipart body is broken.', { cause });
