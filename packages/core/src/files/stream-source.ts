import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bytesSource, type DocumentSource } from '../protocol/document-source.ts';
import { fileSource } from './file-source.ts';

/** A stream up to this size stays in memory. Bytes. */
const memoryBytes = 4 * 1024 * 1024;

/** A document from a stream, which can be read only once: kept in memory, or in a temporary file where it is large. */
export async function streamSource(
  stream: AsyncIterable<Uint8Array | string>,
): Promise<{ source: DocumentSource; release?: () => Promise<void> }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const reader = stream[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await reader.next();
    if (done) return { source: bytesSource(Buffer.concat(chunks)) };
    chunks.push(Buffer.from(value as Uint8Array));
    bytes += chunks.at(-1)?.byteLength ?? 0;
    if (bytes > memoryBytes) break;
  }
  const path = join(tmpdir(), `signstash-${randomUUID()}.part`);
  const release = () => rm(path, { force: true });
  const all = async function* () {
    yield* chunks.splice(0);
    yield* { [Symbol.asyncIterator]: () => reader };
  };
  try {
    await pipeline(Readable.from(all()), createWriteStream(path, { mode: 0o600, flags: 'wx' }));
    return { source: await fileSource(path), release };
  } catch (error) {
    await release();
    throw error;
  }
}
