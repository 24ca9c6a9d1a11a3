import { Unzip, UnzipInflate } from 'fflate/browser';
import { ProtocolError } from '../../errors/errors.ts';
import type { ZipDocument } from './documents-zip.ts';
import type { ContentStore, ContentWriter } from './signed-content-reader.ts';
import { crc32, type DirectoryEntry, readCentralDirectory, zipTailBytes } from './zip-directory.ts';

/** How much is unpacked at once: a chunk of zeros becomes a thousand times as large. Bytes. */
const unpackedAtOnce = 4 * 1024;

/** More files than any operation has documents. */
const maxEntries = 1_000;

/** See `readZip`. */
export async function unpackZip<T>(body: AsyncIterable<Uint8Array>, store: ContentStore<T>): Promise<ZipDocument<T>[]> {
  const reader = new ZipReader(store);
  try {
    for await (const chunk of body) {
      for (let at = 0; at < chunk.byteLength; at += unpackedAtOnce) {
        await reader.take(chunk.subarray(at, at + unpackedAtOnce));
      }
    }
    return await reader.end();
  } catch (error) {
    await reader.discard();
    throw error;
  }
}

class ZipReader<T> {
  readonly #store: ContentStore<T>;
  readonly #unzip: Unzip;
  readonly #writers: ContentWriter<T>[] = [];
  readonly #finished: { document: ZipDocument<T>; found: Omit<DirectoryEntry, 'name'> }[] = [];
  #tail = new Uint8Array(0);
  #open = 0;
  #work: Promise<unknown> = Promise.resolve();
  #failure: unknown;

  constructor(store: ContentStore<T>) {
    this.#store = store;
    this.#unzip = new Unzip((file) => this.#addFile(file));
    this.#unzip.register(UnzipInflate);
  }

  async take(chunk: Uint8Array): Promise<void> {
    const known = this.#tail.byteLength;
    this.#tail = lastBytes(this.#tail, chunk);
    // The first two bytes decide, whether they come in one chunk or in two.
    if (known < 2 && !startsLikeZip(this.#tail)) throw notZip();
    await this.#push(chunk, false);
  }

  async end(): Promise<ZipDocument<T>[]> {
    if (this.#tail.byteLength < 2) throw notZip();
    await this.#push(new Uint8Array(0), true);
    const directory = readCentralDirectory(this.#tail);
    if (!directory || this.#open > 0)
      throw new ProtocolError('PROTOCOL_TRUNCATED', 'The zip of documents ended early.');
    if (directory.length !== this.#finished.length) throw damaged();
    for (const [index, { document, found }] of this.#finished.entries()) {
      const entry = directory[index] as DirectoryEntry;
      const intact = entry.name === document.entryName && entry.size === found.size && entry.crc32 === found.crc32;
      if (!intact) throw damaged();
    }
    return this.#finished.map(({ document }) => document);
  }

  async discard(): Promise<void> {
    await this.#work.catch(() => {});
    for (const writer of this.#writers) await writer.discard();
  }

  async #push(chunk: Uint8Array, final: boolean): Promise<void> {
    try {
      this.#unzip.push(chunk, final);
    } catch (cause) {
      throw damaged(cause);
    }
    // What is unpacked must be written before more is, or memory would grow with the archive.
    await this.#work.catch(() => {});
    if (this.#failure !== undefined) throw this.#failure;
  }

  #addFile(file: Parameters<ConstructorParameters<typeof Unzip>[0] & object>[0]): void {
    if (this.#writers.length >= maxEntries) throw damaged();
    const writer = this.#store();
    this.#writers.push(writer);
    this.#open++;
    const found = { size: 0, crc32: 0 };
    file.ondata = (error, chunk, final) => {
      if (error) {
        this.#failure ??= damaged(error);
        return;
      }
      found.size += chunk.byteLength;
      found.crc32 = crc32(chunk, found.crc32);
      // A copy: it is queued, and the unpacker reuses its buffer.
      const piece = chunk.slice();
      this.#work = this.#work.then(async () => {
        if (piece.byteLength > 0) await writer.write(piece);
        if (!final) return;
        this.#finished.push({ document: { entryName: file.name, content: await writer.finish() }, found });
        this.#open--;
      });
      this.#work.catch((problem: unknown) => {
        this.#failure ??= problem;
      });
    };
    file.start();
  }
}

function lastBytes(before: Uint8Array, chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const kept = before.subarray(Math.max(0, before.byteLength + chunk.byteLength - zipTailBytes));
  const both = new Uint8Array(kept.byteLength + chunk.byteLength);
  both.set(kept);
  both.set(chunk, kept.byteLength);
  return both;
}

const startsLikeZip = (bytes: Uint8Array) => bytes[0] === 0x50 && (bytes.byteLength < 2 || bytes[1] === 0x4b);

const damaged = (cause?: unknown) =>
  new ProtocolError('PROTOCOL_TRUNCATED', 'The zip of documents is damaged.', cause === undefined ? {} : { cause });

const notZip = () => new ProtocolError('PROTOCOL_UNEXPECTED', 'The answer with the documents is not a zip.');
