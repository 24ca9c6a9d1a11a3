import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { maxDocumentsPerRequest } from '@signstash-connect/core';
import { safeFileName } from '@signstash-connect/core/adapter';
import { parse as parseDisposition } from 'content-disposition';
import type { Request } from 'express';
import rawBody from 'raw-body';
import { SignHttpError } from './errors.ts';
import { checkOptions, formatBytes, mebibyte } from './options.ts';

/** A document as it was uploaded. */
export interface UploadedFile {
  /** Its name, without anything that is unsafe in a file name or a header. */
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

/** @throws `SettingsError` for an unknown or impossible limit. */
export function resolveLimits(where: string, limits: UploadLimits = {}): Required<UploadLimits> {
  const names = ['fileBytes', 'files', 'totalBytes'] as const;
  checkOptions(where, limits, names, names, { files: maxDocumentsPerRequest });
  const { fileBytes = 25 * mebibyte, files = 10, totalBytes = Math.max(50 * mebibyte, fileBytes) } = limits;
  return { fileBytes, files, totalBytes };
}

/** Bytes for a multipart body's boundaries, part headers and text fields, of which there may be {@link maxTextFields}. */
const overheadBytes = 64 * 1024;
const maxTextFields = 20;

/** @returns What reads the documents of a request, bounded in memory. */
export function uploadReader(field: string, limits: Required<UploadLimits>): (req: Request) => Promise<UploadedFile[]> {
  const tooLarge = (setting: 'fileBytes' | 'totalBytes', headers?: Record<string, string>) => {
    const what = setting === 'fileBytes' ? 'A file' : 'The upload';
    const message = `${what} is larger than ${formatBytes(limits[setting])}, the limit set by limits.${setting}.`;
    return new SignHttpError('UPLOAD_TOO_LARGE', message, { headers });
  };

  async function readBody(req: Request, setting: 'fileBytes' | 'totalBytes', overhead: number): Promise<Buffer> {
    // A body parser that ran before has read and decompressed it.
    if (Buffer.isBuffer(req.body)) return req.body;
    const body = decompressed(req);
    const length = body === req ? req.headers['content-length'] : undefined;
    try {
      return await rawBody(body, { limit: limits[setting] + overhead, length: length ?? null });
    } catch (error) {
      // The rest is discarded until the error response is sent and the connection closed.
      req.unpipe().resume();
      if (body !== req) body.destroy();
      if ((error as { type?: string }).type === 'entity.too.large') throw tooLarge(setting, { Connection: 'close' });
      throw new SignHttpError('UPLOAD_MALFORMED', 'The body cannot be read.', { cause: error });
    }
  }

  async function readMultipart(req: Request): Promise<UploadedFile[]> {
    const type = req.headers['content-type'] as string;
    const body = await readBody(req, 'totalBytes', overheadBytes);
    if (hasMoreParts(body, type, limits.files + maxTextFields)) throw tooMany();
    const entries = await new Response(new Uint8Array(body), { headers: { 'Content-Type': type } }).formData().then(
      (form) => [...form],
      (cause) => {
        throw new SignHttpError('UPLOAD_MALFORMED', 'The multipart body is malformed.', { cause });
      },
    );
    req.body = Object.fromEntries(entries.filter(([, value]) => typeof value === 'string'));
    // A file input without a choice sends an empty part without a name.
    const files = entries.flatMap(([name, value]) =>
      typeof value === 'string' || (value.name === '' && value.size === 0) ? [] : [{ name, value }],
    );
    const other = files.find(({ name }) => name !== field);
    if (other) {
      const message = `Unexpected file field ${JSON.stringify(other.name.slice(0, 100))}: expected "${field}".`;
      throw new SignHttpError('UPLOAD_MALFORMED', message);
    }
    if (files.length > limits.files) throw tooMany();
    if (files.some(({ value }) => value.size > limits.fileBytes)) throw tooLarge('fileBytes');
    if (files.reduce((sum, { value }) => sum + value.size, 0) > limits.totalBytes) throw tooLarge('totalBytes');
    return Promise.all(
      files.map(async ({ value }, index) => ({ name: nameOf(value.name, index), bytes: await value.bytes() })),
    );
  }

  const tooMany = () => {
    const message = `The upload has more than ${limits.files} files, the limit set by limits.files.`;
    return new SignHttpError('UPLOAD_TOO_MANY_FILES', message);
  };

  return async (req) => {
    if (req.is('multipart/form-data')) return readMultipart(req);
    if (req.is('application/pdf')) {
      const bytes = await readBody(req, 'fileBytes', 0);
      return bytes.byteLength === 0
        ? []
        : [{ name: nameOf(dispositionName(req.headers['content-disposition']) ?? '', 0), bytes }];
    }
    const message = 'Send one PDF as application/pdf, or several as multipart/form-data.';
    const headers = { Accept: 'application/pdf, multipart/form-data' };
    throw new SignHttpError('UPLOAD_TYPE_UNSUPPORTED', message, { headers });
  };
}

const nameOf = (name: string, index: number): string => safeFileName(name, `document-${index + 1}.pdf`);

/** The body of a request without its content encoding. */
function decompressed(req: Request): Readable {
  const encoding = String(req.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return req;
  const create = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress };
  if (!Object.hasOwn(create, encoding)) {
    const message = `Unsupported content encoding ${JSON.stringify(encoding.slice(0, 50))}: use gzip, deflate, br or none.`;
    throw new SignHttpError('UPLOAD_TYPE_UNSUPPORTED', message, {
      headers: { 'Accept-Encoding': 'gzip, deflate, br' },
    });
  }
  const stream = create[encoding as keyof typeof create]();
  // Not `pipeline`: it would destroy the request, and with it the connection on which the error response is sent.
  req.once('close', () => {
    if (!req.readableEnded) stream.destroy(new Error('The request ended early.'));
  });
  return req.pipe(stream);
}

/** Counted before parsing: a body can hold a million empty parts. */
function hasMoreParts(body: Buffer, type: string, max: number): boolean {
  const boundary = /boundary="?([^";]+)/i.exec(type)?.[1];
  if (boundary === undefined) return false;
  let count = 0;
  for (let at = body.indexOf(`--${boundary}`); at >= 0; at = body.indexOf(`--${boundary}`, at + 1)) count++;
  // The last one ends the body.
  return count - 1 > max;
}

/** The file name of a Content-Disposition header, if there is one. */
export function dispositionName(header: unknown): string | undefined {
  try {
    return parseDisposition(String(header ?? '')).parameters.filename || undefined;
  } catch {
    return undefined;
  }
}
