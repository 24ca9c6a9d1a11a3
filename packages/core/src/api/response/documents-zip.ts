import type { Unzip } from 'fflate/browser';
import { ProtocolError } from '../../errors/errors.ts';
import type { ContentStore, ContentWriter } from './signed-content-reader.ts';
import { crc32, type DirectoryEntry, readCentralDirectory, zipTailBytes } from './zip-directory.ts';

/** One file of the zip of an operation's documents. */
export interface ZipDocument<T> {
  /** `<externalReference>.<documentName>` (API reference, section 4); any path before it. */
  entryName: string;
  content: T;
}

/** How much is unpacked at once: a chunk of zeros becomes a thousand times as large. Bytes. */
const unpackedAtOnce = 4 * 1024;

/** More files than any operation has documents. */
const maxEntries = 1_000;

/**
 * Unpacks the zip as it arrives, each entry to its own writer, so that memory does not grow with the archive. Every entry is
 * compared with the central directory at the zip's end: name, size and CRC-32.
 *
 * @throws {@link ProtocolError} `PROTOCOL_UNEXPECTED` if it is not a zip, `PROTOCOL_TRUNCATED` if it is damaged or ends early.
 */
export async function readZip<T>(body: AsyncIterable<Uint8Array>, store: ContentStore<T>): Promise<ZipDocument<T>[]> {
  const reader = new ZipReader(store, await import('fflate/browser'));
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

  constructor(store: ContentStore<T>, { Unzip, UnzipInflate }: typeof import('fflate/browser')) {
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

  #addFile(file: Parameters<ConstructorParameters<typeof import('fflate/browser').Unzip>[0] & object>[0]): void {
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
      // A copy: it waits for its turn, and the unpacker uses its buffer again.
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

/**
 * Finds the document of an entry: `<reference>.<name>`, with or without a folder before it; `<reference>/<name>`; or the name
 * alone, if only one document has it. The longest reference decides: one may be the beginning of another.
 */
export function matchZipEntry<D extends { reference: string; name?: string }>(
  entryName: string,
  documents: readonly D[],
): { document: D | undefined; name: string } {
  const path = entryName.split(/[/\\]/);
  const base = safeFileName(path.at(-1) ?? '');
  const folder = path.at(-2);
  const byLength = [...documents].sort((a, b) => b.reference.length - a.reference.length);
  const prefixed = byLength.find(({ reference }) => base.startsWith(`${reference}.`));
  if (prefixed) return { document: prefixed, name: base.slice(prefixed.reference.length + 1) || base };
  const inFolder = byLength.find(({ reference }) => folder === reference);
  if (inFolder) return { document: inFolder, name: base };
  const named = documents.filter(({ name, reference }) => base === name || base === reference);
  return { document: named.length === 1 ? named[0] : undefined, name: base };
}

/** A name that cannot leave the folder it is written to. */
function safeFileName(name: string): string {
  // Control characters and what Windows takes for a drive or a stream; a reference may hold colons, so they stay before a dot.
  const clean = Array.from(name, (character) => (character < ' ' || character === '\u007f' ? '_' : character)).join('');
  return clean === '' || clean === '.' || clean === '..' ? 'document' : clean;
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
