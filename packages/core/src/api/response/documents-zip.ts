import { Unzip, UnzipInflate } from 'fflate/browser';
import { ProtocolError } from '../../errors/errors.ts';
import type { ContentStore, ContentWriter } from './signed-content-reader.ts';

/** One file of the zip of an operation's documents. */
export interface ZipDocument<T> {
  /** `<externalReference>.<documentName>` (API reference, section 4). */
  entryName: string;
  content: T;
}

/**
 * Unpacks the zip as it arrives, each entry to its own writer, so that it needs no more memory than its largest chunk.
 *
 * @throws {@link ProtocolError} where it is no zip or ends early.
 */
export async function readZip<T>(body: AsyncIterable<Uint8Array>, store: ContentStore<T>): Promise<ZipDocument<T>[]> {
  const documents: ZipDocument<T>[] = [];
  const writers: ContentWriter<T>[] = [];
  let work: Promise<unknown> = Promise.resolve();
  let open = 0;
  let failure: unknown;
  const unzip = new Unzip((file) => {
    const writer = store();
    writers.push(writer);
    open++;
    file.ondata = (error, chunk, final) => {
      if (error) failure ??= error;
      // A copy: it waits its turn, and the unpacker uses its buffer again.
      const piece = chunk.slice();
      work = work.then(async () => {
        if (piece.byteLength > 0) await writer.write(piece);
        if (final) {
          documents.push({ entryName: file.name, content: await writer.finish() });
          open--;
        }
      });
      work.catch((problem: unknown) => {
        failure ??= problem;
      });
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  let bytes = 0;
  try {
    for await (const chunk of body) {
      if (bytes === 0 && !(chunk[0] === 0x50 && chunk[1] === 0x4b)) throw notZip();
      bytes += chunk.byteLength;
      unzip.push(chunk);
      // Unpacked data must be written before more is unpacked, or memory would grow with the archive.
      await work;
      if (failure !== undefined) throw failure;
    }
    unzip.push(new Uint8Array(0), true);
    await work;
    if (failure !== undefined) throw failure;
    if (bytes === 0) throw notZip();
    if (open > 0) throw new ProtocolError('PROTOCOL_TRUNCATED', 'The zip of documents ended early.');
    return documents;
  } catch (error) {
    for (const writer of writers) await writer.discard();
    throw isUnpackError(error)
      ? new ProtocolError('PROTOCOL_TRUNCATED', 'The zip of documents is damaged.', { cause: error })
      : error;
  }
}

/** fflate's own errors are plain `Error`s with a numeric code. */
const isUnpackError = (error: unknown) =>
  error instanceof Error && typeof (error as { code?: unknown }).code === 'number';

const notZip = () => new ProtocolError('PROTOCOL_UNEXPECTED', 'The answer with the documents is not a zip.');
