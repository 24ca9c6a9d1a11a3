import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { safeFileName } from '@signstash-connect/core/adapter';
import { derivedReference, referenceSeed } from '@signstash-connect/core/client';
import type { RequestHandler } from 'express';
import multer from 'multer';
import type { IncomingDocument } from '../batches/batch-store.ts';

/** One batch at most. */
export const uploadLimits = { files: 500, fileSize: 25 * 1024 * 1024 };

/** Puts uploaded files into a folder, bounded in number and size. */
export function receiveFiles(folder: string): RequestHandler {
  return multer({
    dest: folder,
    defParamCharset: 'utf8',
    // Its own handling of folders makes an empty name of `..`, and ignores a file without a name.
    preservePath: true,
    limits: { ...uploadLimits, fields: 1, fieldSize: 16 * 1024, parts: uploadLimits.files + 1 },
  }).array('documents');
}

/** Gives each file its reference. The same file twice is one document: its copies are named. */
export async function identifyFiles(
  files: readonly Express.Multer.File[],
  clientId: string,
): Promise<{ documents: IncomingDocument[]; duplicates: string[] }> {
  const documents = new Map<string, IncomingDocument>();
  const duplicates: string[] = [];
  for (const { path, originalname, size } of files) {
    const seed = referenceSeed(await sha256(path), undefined);
    const reference = derivedReference(clientId, createHash('sha256').update(seed).digest('hex'));
    if (documents.has(reference)) {
      duplicates.push(originalname);
    } else {
      documents.set(reference, { path, name: safeFileName(originalname), size, reference });
    }
  }
  return { documents: [...documents.values()], duplicates };
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
