import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A document that is read by position, such as a `DocumentSource` of `@signstash-connect/core`. */
export interface RandomAccess {
  /** Bytes. */
  readonly size: number;
  /** The bytes from `start` to before `end`, both within the document. */
  slice(start: number, end: number): Promise<Uint8Array>;
}

/** A document to verify: its bytes, the path of its file, a stream of its bytes, or what reads it by position. */
export type DocumentInput =
  | Uint8Array
  | string
  | URL
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | RandomAccess;

const CHUNK_BYTES = 256 * 1024;

/** Bytes that are read by position, so that a large file is never in memory as a whole. */
export interface ByteSource {
  readonly size: number;
  /** The bytes from `start` up to `end`, or up to the end of the file; in `target`, if the source has to copy them. */
  read(start: number, end: number, target?: Buffer): Promise<Buffer>;
  close(): Promise<void>;
}

/** Opens a document. A stream is copied to a temporary file first, which `close` deletes. */
export async function openSource(input: DocumentInput, signal?: AbortSignal): Promise<ByteSource> {
  if (input instanceof Uint8Array) return new MemorySource(input);
  if (typeof input === 'string' || input instanceof URL) return FileSource.open(input);
  if ('slice' in input && !(input instanceof Blob)) return randomAccessSource(input);
  const folder = await mkdtemp(join(tmpdir(), 'signstash-verify-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const path = join(folder, 'document');
    await writeStream(path, input instanceof Blob ? input.stream() : input, signal);
    return await FileSource.open(path, remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Writes one chunk after the other, so that no queue of them builds up. */
async function writeStream(
  path: string,
  chunks: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
      signal?.throwIfAborted();
      if (!(chunk instanceof Uint8Array)) throw new TypeError('Invalid stream: expected chunks of bytes');
      for (let done = 0; done < chunk.length; ) done += (await handle.write(chunk, done)).bytesWritten;
    }
  } finally {
    await handle.close();
  }
}

class MemorySource implements ByteSource {
  readonly size: number;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.size = bytes.byteLength;
  }

  async read(start: number, end: number): Promise<Buffer> {
    return this.#bytes.subarray(start, end);
  }

  async close(): Promise<void> {}
}

function randomAccessSource(input: RandomAccess): ByteSource {
  const { size } = input;
  return {
    size,
    async read(start, end) {
      const from = Math.min(start, size);
      const { buffer, byteOffset, byteLength } = await input.slice(from, Math.max(from, Math.min(end, size)));
      return Buffer.from(buffer, byteOffset, byteLength);
    },
    close: async () => {},
  };
}

class FileSource implements ByteSource {
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #afterClose: (() => Promise<void>) | undefined;

  private constructor(handle: FileHandle, size: number, afterClose?: () => Promise<void>) {
    this.#handle = handle;
    this.size = size;
    this.#afterClose = afterClose;
  }

  static async open(path: string | URL, afterClose?: () => Promise<void>): Promise<FileSource> {
    const handle = await open(path, 'r');
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new Error(`Cannot verify "${path}": expected a file`);
      return new FileSource(handle, stats.size, afterClose);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async read(start: number, end: number, target?: Buffer): Promise<Buffer> {
    const length = Math.max(0, Math.min(end, this.size) - start);
    const buffer = target ?? Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  async close(): Promise<void> {
    await this.#handle.close();
    await this.#afterClose?.();
  }
}

/** Reads a range in chunks. They share their memory: a chunk is only valid until the next one is asked for. */
export async function* readChunks(
  source: ByteSource,
  start: number,
  end: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const shared = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = start; position < Math.min(end, source.size); position += CHUNK_BYTES) {
    signal?.throwIfAborted();
    yield await source.read(position, Math.min(position + CHUNK_BYTES, end), shared);
  }
}

/** Hashes ranges of a source, one after the other. `algorithm` is a name that Node knows. */
export async function hashRanges(
  source: ByteSource,
  ranges: readonly (readonly [start: number, end: number])[],
  algorithm: string,
  signal?: AbortSignal,
): Promise<Buffer> {
  const hash: Hash = createHash(algorithm);
  for (const [start, end] of ranges) {
    for await (const chunk of readChunks(source, start, end, signal)) hash.update(chunk);
  }
  return hash.digest();
}

/** Whether `source` starts with all bytes of `prefix`. */
export async function startsWith(source: ByteSource, prefix: ByteSource, signal?: AbortSignal): Promise<boolean> {
  if (prefix.size > source.size) return false;
  let position = 0;
  for await (const chunk of readChunks(prefix, 0, prefix.size, signal)) {
    if (!chunk.equals(await source.read(position, position + chunk.length))) return false;
    position += chunk.length;
  }
  return true;
}
