import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { type UploadedFile, type UploadReader, uploadError } from '@signstash-connect/core/adapter/node';
import { parse as parseDisposition } from 'content-disposition';
import type { Request } from 'express';
import rawBody from 'raw-body';
import { toHttpError } from './errors.ts';

/** Reads the documents of a request, bounded in memory, and a form's text fields into `req.body`. */
export async function readUpload(req: Request, reader: UploadReader): Promise<UploadedFile[]> {
  const { 'content-type': type = '', 'content-disposition': disposition } = req.headers;
  if (req.is('application/pdf')) {
    const body = await readBody(req, reader.limits.fileBytes, () => reader.tooLarge('fileBytes'));
    return reader.readFile(body, dispositionName(disposition));
  }
  if (!req.is('multipart/form-data')) {
    const message = 'Send one PDF as application/pdf, or several as multipart/form-data.';
    const headers = { Accept: 'application/pdf, multipart/form-data' };
    throw toHttpError(uploadError('UPLOAD_TYPE_UNSUPPORTED', message), headers);
  }
  const body = await readBody(req, reader.maxFormBytes, () => reader.tooLarge('totalBytes'));
  const { files, fields } = await reader.readForm(body, type);
  req.body = fields;
  return files;
}

async function readBody(req: Request, limit: number, tooLarge: () => Error): Promise<Buffer> {
  // A body parser that ran before has read and decompressed it.
  if (Buffer.isBuffer(req.body)) return req.body;
  const body = decompressed(req);
  const length = body === req ? req.headers['content-length'] : undefined;
  try {
    return await rawBody(body, { limit, length: length ?? null });
  } catch (error) {
    // The rest is discarded until the error response is sent and the connection closed.
    req.unpipe().resume();
    if (body !== req) body.destroy();
    if ((error as { type?: string }).type === 'entity.too.large')
      throw toHttpError(tooLarge(), { Connection: 'close' });
    throw uploadError('UPLOAD_MALFORMED', 'The body cannot be read.', error);
  }
}

const decompressors = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** The body of a request without its content encoding. */
function decompressed(req: Request): Readable {
  const encoding = String(req.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return req;
  if (!Object.hasOwn(decompressors, encoding)) {
    const message = `Unsupported content encoding ${JSON.stringify(encoding.slice(0, 50))}: use gzip, deflate, br or none.`;
    throw toHttpError(uploadError('UPLOAD_TYPE_UNSUPPORTED', message), { 'Accept-Encoding': 'gzip, deflate, br' });
  }
  const stream = decompressors[encoding as keyof typeof decompressors]();
  // Not `pipeline`: it would destroy the request, and with it the connection on which the error response is sent.
  req.once('close', () => {
    if (!req.readableEnded) stream.destroy(new Error('The request ended early.'));
  });
  return req.pipe(stream);
}

/** The file name of a Content-Disposition header, if there is one. */
export function dispositionName(header: unknown): string | undefined {
  try {
    return parseDisposition(String(header ?? '')).parameters.filename || undefined;
  } catch {
    return undefined;
  }
}
