import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bytesSource, type DocumentSource } from '../api/request/document-source.ts';
import { AbortedError, ValidationError } from '../errors/errors.ts';
import { raceAbort } from '../utils/abort.ts';
import { fileSource } from './file-source.ts';
import { removeLeftovers, tempFileName } from './temp-file.ts';

/** A stream up to this size stays in memory: a batch may hold hundreds of them. Bytes. */
const memoryBytes = 256 * 1024;

/** Temporary files that killed processes left behind are removed once per process. */
let cleaned: Promise<void> | undefined;

export interface SpooledStream {
  source: DocumentSource;
  /** Removes the temporary file, if there is one. */
  release?: () => Promise<void>;
}

/**
 * A document from a stream, which can be read only once: kept in memory, or in a temporary file where it is large.
 *
 * @param signal - Ends the wait for a stream that stalls.
 * @throws {@link ValidationError} `DOCUMENT_UNREADABLE` if the stream fails.
 */
export async function streamSource(
  stream: AsyncIterable<Uint8Array | string>,
  signal?: AbortSignal,
): Promise<SpooledStream> {
  const reader = stream[Symbol.asyncIterator]();
  try {
    return await spool(reader, signal);
  } catch (cause) {
    // Not awaited: a stalled stream may also stall while closing.
    Promise.resolve(reader.return?.()).catch(() => {});
    if (signal?.aborted) throw new AbortedError('The caller stopped the call.', { cause: signal.reason });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ValidationError('DOCUMENT_UNREADABLE', `The stream could not be read: ${reason}`, { cause });
  }
}

async function spool(
  reader: AsyncIterator<Uint8Array | string>,
  signal: AbortSignal | undefined,
): Promise<SpooledStream> {
  const start: Buffer[] = [];
  let bytes = 0;
  while (bytes <= memoryBytes) {
    const { done, value } = await raceAbort(reader.next(), signal);
    if (done) return { source: bytesSource(Buffer.concat(start)) };
    const chunk = Buffer.from(value as Uint8Array);
    start.push(chunk);
    bytes += chunk.byteLength;
  }
  cleaned ??= removeLeftovers(tmpdir()).catch(() => {
    // A folder that cannot be listed can still be written.
  });
  await cleaned;
  const path = join(tmpdir(), tempFileName());
  const release = () => rm(path, { force: true });
  const all = async function* () {
    yield* start.splice(0);
    for (;;) {
      const { done, value } = await raceAbort(reader.next(), signal);
      if (done) return;
      yield value;
    }
  };
  try {
    await pipeline(Readable.from(all()), createWriteStream(path, { mode: 0o600, flags: 'wx' }));
    return { source: await fileSource(path), release };
  } catch (error) {
    await release();
    throw error;
  }
}
