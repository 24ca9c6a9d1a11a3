import type { Writable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ConfigurationError, maxDocumentsPerRequest } from '@signstash-connect/core';
import { parse as parseDisposition } from 'content-disposition';
import type { Request, Response } from 'express';
import multer from 'multer';
import rawBody from 'raw-body';
import { SignHttpError } from './errors.ts';
import { checkLimit, checkOptions, formatBytes, mebibyte } from './options.ts';

/** A document as it was uploaded. */
export interface UploadedFile {
  /** Its name without folders, control characters and characters that Windows does not allow. */
  name: string;
  bytes: Uint8Array;
}

/** Limits of one upload, after decompression: all of it is in memory while it is signed. */
export interface UploadLimits {
  /** Bytes of one file. Default 25 MiB. */
  fileBytes?: number;
  /** Number of files, at most 99. Default 10. */
  files?: number;
  /** Bytes of all files together. Default 50 MiB, or `fileBytes` if larger. */
  totalBytes?: number;
}

/** @throws `ConfigurationError` for an unknown or impossible limit. */
export function resolveLimits(where: string, limits: UploadLimits = {}): Required<UploadLimits> {
  checkOptions(`${where}'s limits`, limits, ['fileBytes', 'files', 'totalBytes']);
  const { fileBytes = 25 * mebibyte, files = 10, totalBytes = Math.max(50 * mebibyte, fileBytes) } = limits;
  const resolved = { fileBytes, files, totalBytes };
  for (const [name, value] of Object.entries(resolved)) checkLimit(where, `limits.${name}`, value);
  if (files <= maxDocumentsPerRequest) return resolved;
  const message = `${where}(): limits.files is ${files}, but a request to Sign'Stash takes ${maxDocumentsPerRequest}.`;
  throw new ConfigurationError('CONFIGURATION_INVALID', 'limits.files', message);
}

/** Bytes for a multipart body's boundaries, part headers and fields. */
const overheadBytes = 64 * 1024;

/** @returns What reads the documents of a request, bounded in memory. */
export function uploadReader(
  field: string,
  limits: Required<UploadLimits>,
): (req: Request, res: Response) => Promise<UploadedFile[]> {
  const tooLarge = (setting: 'fileBytes' | 'totalBytes', close = true) =>
    new SignHttpError(
      'UPLOAD_TOO_LARGE',
      413,
      `${setting === 'fileBytes' ? 'A file' : 'The upload'} is larger than ${formatBytes(limits[setting])}, the limit set by limits.${setting}.`,
      close ? { headers: { Connection: 'close' } } : {},
    );

  const storage: multer.StorageEngine = {
    _handleFile(req, file, done) {
      const chunks: Buffer[] = [];
      file.stream.on('data', (chunk: Buffer) => {
        const total = (received.get(req) ?? 0) + chunk.byteLength;
        received.set(req, total);
        if (total <= limits.totalBytes) chunks.push(chunk);
        else done(tooLarge('totalBytes', false));
      });
      file.stream.once('error', done);
      file.stream.once('end', () => done(null, { buffer: Buffer.concat(chunks) }));
    },
    _removeFile(_req, file, done) {
      Reflect.deleteProperty(file, 'buffer');
      done(null);
    },
  };
  const received = new WeakMap<Request, number>();

  const multipart = multer({
    storage,
    // Browsers send names in UTF-8; multer's default is Latin-1.
    defParamCharset: 'utf8',
    // Its own handling of folders makes an empty name of `..`, and ignores a file without a name.
    preservePath: true,
    limits: {
      fileSize: limits.fileBytes,
      files: limits.files,
      fields: 20,
      fieldSize: 16 * 1024,
      parts: limits.files + 20,
    },
    // Its type does not name this option yet.
    ...{ streamHandler: (req: Request, busboy: Writable) => pump(req, busboy) },
  } as multer.Options).array(field, limits.files);

  const readMultipart = (req: Request, res: Response): Promise<UploadedFile[]> =>
    new Promise((resolve, reject) => {
      multipart(req, res, (error?: unknown) => {
        if (error) return reject(uploadError(error));
        const files = (req.files ?? []) as Express.Multer.File[];
        resolve(
          files.map(({ originalname, buffer }, index) => ({ name: safeName(originalname, index + 1), bytes: buffer })),
        );
      });
    });

  /** Feeds the multipart parser, with a bound on the decompressed bytes: a small body can expand to gigabytes. */
  function pump(req: Request, parser: Writable): void {
    let size = 0;
    const stop = (error: Error) => {
      req.unpipe();
      req.resume();
      parser.destroy(error);
    };
    try {
      const body = decompressed(req);
      if (body === req) return void req.pipe(parser);
      body.on('data', (chunk: Buffer) => {
        size += chunk.byteLength;
        if (size <= limits.totalBytes + overheadBytes) parser.write(chunk);
        else stop(tooLarge('totalBytes', false));
      });
      body.once('end', () => parser.end());
      body.once('error', stop);
    } catch (error) {
      stop(error as Error);
    }
  }

  function uploadError(error: unknown): SignHttpError {
    if (error instanceof SignHttpError) return error;
    // busboy's own errors are plain ones: a body that ends early, or has no boundary.
    if (!(error instanceof multer.MulterError)) {
      return new SignHttpError('UPLOAD_MALFORMED', 400, 'The multipart body is malformed.', { cause: error });
    }
    const { code, message, field: name } = error;
    if (code === 'LIMIT_FILE_SIZE') return tooLarge('fileBytes', false);
    if (code === 'LIMIT_FILE_COUNT' || (code === 'LIMIT_UNEXPECTED_FILE' && name === field)) {
      const text = `The upload has more than ${limits.files} files, the limit set by limits.files.`;
      return new SignHttpError('UPLOAD_TOO_MANY_FILES', 413, text, { cause: error });
    }
    const text = `${message}${name === undefined ? '' : ` (field ${JSON.stringify(name.slice(0, 100))})`}.`;
    if (code.endsWith('_COUNT')) return new SignHttpError('UPLOAD_TOO_MANY_FILES', 413, text, { cause: error });
    if (code === 'LIMIT_FIELD_VALUE' || code === 'LIMIT_FIELD_KEY') {
      return new SignHttpError('UPLOAD_TOO_LARGE', 413, text, { cause: error });
    }
    return new SignHttpError('UPLOAD_MALFORMED', 400, text, { cause: error });
  }

  /** Before anything is read, so that a large upload is refused at once. */
  function checkAnnouncedSize(req: Request, setting: 'fileBytes' | 'totalBytes', maxBytes: number): void {
    if (Number(req.headers['content-length'] ?? 0) <= maxBytes) return;
    req.resume();
    throw tooLarge(setting);
  }

  async function readPdf(req: Request): Promise<UploadedFile[]> {
    checkAnnouncedSize(req, 'fileBytes', limits.fileBytes);
    // A body parser registered before has read and decompressed it.
    const bytes = Buffer.isBuffer(req.body) ? req.body : await readBody(req);
    return bytes.byteLength === 0 ? [] : [{ name: safeName(announcedName(req), 1), bytes }];
  }

  async function readBody(req: Request): Promise<Buffer> {
    const body = decompressed(req);
    try {
      return await rawBody(body, { limit: limits.fileBytes });
    } catch (error) {
      // The rest is discarded until the error response is sent and the connection closed.
      req.unpipe();
      req.resume();
      if ((error as { type?: string }).type === 'entity.too.large') throw tooLarge('fileBytes');
      throw new SignHttpError('UPLOAD_MALFORMED', 400, 'The body could not be read.', { cause: error });
    }
  }

  return async (req, res) => {
    if (req.is('multipart/form-data')) {
      checkAnnouncedSize(req, 'totalBytes', limits.totalBytes + overheadBytes);
      return readMultipart(req, res);
    }
    if (req.is('application/pdf')) return readPdf(req);
    const message = 'Send one PDF as application/pdf, or several as multipart/form-data.';
    const headers = { Accept: 'application/pdf, multipart/form-data' };
    throw new SignHttpError('UPLOAD_TYPE_UNSUPPORTED', 415, message, { headers });
  };
}

/** The body of a request without its content encoding. */
function decompressed(req: Request): NodeJS.ReadableStream {
  const encoding = String(req.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return req;
  const create = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }[
    encoding
  ];
  if (!create) {
    const message = `Unsupported content encoding ${JSON.stringify(encoding.slice(0, 50))}: use gzip, deflate, br or none.`;
    const headers = { 'Accept-Encoding': 'gzip, deflate, br' };
    throw new SignHttpError('UPLOAD_TYPE_UNSUPPORTED', 415, message, { headers });
  }
  const stream = create();
  // Not `pipeline`: it would destroy the request, and with it the connection on which the error response is sent.
  req.once('close', () => {
    if (!req.readableEnded) stream.destroy(new Error('The request ended early.'));
  });
  return req.pipe(stream);
}

function announcedName(req: Request): string | undefined {
  const header = req.headers['content-disposition'];
  try {
    return header === undefined ? undefined : parseDisposition(header).parameters.filename;
  } catch {
    return undefined;
  }
}

/** A caller's file name may hold folders of either system, a drive such as `C:`, and characters that end a header line. */
function safeName(name: string | undefined, position: number): string {
  const base = (name ?? '')
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\p{Cc}/gu, '')
    .replace(/[<>:"|?*]/g, '_')
    .trim()
    .slice(-200);
  return base === '' || /^\.+$/.test(base) ? `document-${position}.pdf` : base;
}
