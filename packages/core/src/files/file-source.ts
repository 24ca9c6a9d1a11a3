import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { DocumentSource } from '../api/request/document-source.ts';
import { isSignStashError, ValidationError } from '../errors/errors.ts';

/** A file up to this size is read once for all its checks and its hash. Bytes. */
const keptBytes = 256 * 1024;
/** A larger one is read in pieces of this size; a multiple of 3, so that base64 needs no joining at the seams. Bytes. */
const pieceBytes = 768 * 1024;

export interface FileSource extends DocumentSource {
  /** Drops what was kept, where anything was: a document that waits for its turn should not wait in memory. */
  forget?(): void;
}

/**
 * A document on disk, opened anew for every read.
 *
 * @throws {@link ValidationError} `DOCUMENT_UNREADABLE` naming the path.
 */
export async function fileSource(path: string): Promise<FileSource> {
  const { size, content } = await firstLook(path);
  return content ? smallFile(path, content) : largeFile(path, size);
}

/** Its size and, of a small file, its content too: each call to the file system is a way to another thread and back. */
async function firstLook(path: string): Promise<{ size: number; content?: Uint8Array }> {
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
  const whole = async () => {
    try {
      return kept ?? (await readFile(path));
    } catch (cause) {
      throw unreadable(path, cause);
    }
  };
  return {
    size: content.byteLength,
    async *read() {
      yield await whole();
    },
    slice: async (start, end) => (await whole()).subarray(start, end),
    forget() {
      kept = undefined;
    },
  };
}

function largeFile(path: string, size: number): FileSource {
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
      // A new buffer each time: the one before may still be on its way to the network.
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

/** A named pipe must be opened without waiting for whoever writes to it; Windows knows no such thing. */
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
