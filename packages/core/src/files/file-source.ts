import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { DocumentSource } from '../api/request/document-source.ts';
import { isSignStashError, ValidationError } from '../errors/errors.ts';
import { documentChanged, verifiedSource } from './verified-source.ts';

/** A file up to this size is read once for all its checks and its hash. Bytes. */
const keptBytes = 256 * 1024;
/** A larger one is read in pieces of this size; a multiple of 3, so that base64 needs no joining at the seams. Bytes. */
const pieceBytes = 768 * 1024;

export interface FileSource extends DocumentSource {
  /** Drops the content from memory, where it was kept: waiting documents should not fill it. */
  forget?(): void;
}

/**
 * A document on disk, opened again for every read. A read fails where the content is not the same as in the first one.
 *
 * @throws {@link ValidationError} `DOCUMENT_UNREADABLE` naming the path.
 */
export async function fileSource(path: string): Promise<FileSource> {
  const { size, content } = await inspectFile(path);
  return content ? smallFile(path, content) : verifiedSource(largeFile(path, size), path);
}

/** Its size and, for a small file, its content too: each call to the file system costs a thread-pool round trip. */
async function inspectFile(path: string): Promise<{ size: number; content?: Uint8Array }> {
  const file = await openFile(path);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new ValidationError('DOCUMENT_UNREADABLE', `${path} is not a file.`, { document: path });
    if (found.size > keptBytes) return { size: found.size };
    const content = await readUpTo(file, found.size);
    return { size: content.byteLength, content };
  } catch (cause) {
    throw isSignStashError(cause) ? cause : unreadable(path, cause);
  } finally {
    await file.close();
  }
}

async function readUpTo(file: FileHandle, bytes: number): Promise<Uint8Array> {
  const content = Buffer.allocUnsafe(bytes);
  let read = 0;
  while (read < bytes) {
    const { bytesRead } = await file.read(content, read, bytes - read, null);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return content.subarray(0, read);
}

function smallFile(path: string, content: Uint8Array): FileSource {
  let kept: Uint8Array | undefined = content;
  let hash: string | undefined;
  const sha256 = () => {
    if (kept) hash ??= sha256Of(kept);
    return hash;
  };
  const load = async () => {
    if (kept) return kept;
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (cause) {
      throw unreadable(path, cause);
    }
    if (sha256Of(bytes) !== hash) throw documentChanged(path);
    return bytes;
  };
  return {
    size: content.byteLength,
    async *read() {
      yield await load();
    },
    slice: async (start, end) => (await load()).subarray(start, end),
    sha256: async () => sha256() as string,
    forget() {
      sha256();
      kept = undefined;
    },
  };
}

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function largeFile(path: string, size: number): DocumentSource {
  return {
    size,
    read: () => pieces(path),
    async slice(start, end) {
      const file = await openFile(path);
      try {
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(end - start), 0, end - start, start);
        return buffer.subarray(0, bytesRead);
      } catch (cause) {
        throw unreadable(path, cause);
      } finally {
        await file.close();
      }
    },
  };
}

async function* pieces(path: string): AsyncIterable<Uint8Array> {
  const file = await openFile(path);
  try {
    for (;;) {
      // A new buffer each time: the network may still be sending the previous one.
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await file.close();
  }
}

/** Opening a named pipe must not wait for its writer. Windows has no such flag. */
const reading = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

async function openFile(path: string) {
  try {
    return await open(path, reading);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): ValidationError {
  const { code } = cause as { code?: string };
  const why = code === 'ENOENT' ? 'does not exist' : `cannot be read${code ? ` (${code})` : ''}`;
  return new ValidationError('DOCUMENT_UNREADABLE', `${path} ${why}.`, { document: path, cause });
}
