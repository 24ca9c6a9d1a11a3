import { open, readFile, stat } from 'node:fs/promises';
import type { DocumentSource } from '../protocol/document-source.ts';
import { ValidationError } from '../protocol/errors.ts';

/** A file up to this size is read once for all its checks and its hash. Bytes. */
const keptBytes = 256 * 1024;
/** A larger one is read in pieces of this size; a multiple of 3, so that base64 needs no joining at the seams. Bytes. */
const pieceBytes = 768 * 1024;

export interface FileSource extends DocumentSource {
  /** Drops what was kept: a document that waits for its turn should not wait in memory. */
  forget(): void;
}

/**
 * A document on disk, opened anew for every read.
 *
 * @throws {@link ValidationError} `DOCUMENT_UNREADABLE` naming the path.
 */
export async function fileSource(path: string): Promise<FileSource> {
  const size = await sizeOf(path);
  let kept: Promise<Uint8Array> | undefined;
  const whole = () =>
    readFile(path).catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
  const small = () => {
    kept ??= whole();
    return kept;
  };
  return {
    size,
    async *read() {
      if (size <= keptBytes) yield await (kept ?? whole());
      else yield* pieces(path);
    },
    forget() {
      kept = undefined;
    },
    async slice(start, end) {
      if (size <= keptBytes) return (await small()).subarray(start, end);
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

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw new ValidationError('DOCUMENT_UNREADABLE', `${path} is not a file.`, { document: path });
}

async function openFile(path: string) {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): ValidationError {
  const { code } = cause as { code?: string };
  const why = code === 'ENOENT' ? 'does not exist' : `cannot be read${code ? ` (${code})` : ''}`;
  return new ValidationError('DOCUMENT_UNREADABLE', `${path} ${why}.`, { document: path, cause });
}
