import type { ContentStore, ContentWriter } from '../api/response/signed-content-reader.ts';
import { ProtocolError } from '../errors/errors.ts';

/** Collects one signed document in memory. */
export function memoryStore(): ContentWriter<Uint8Array> {
  let chunks: Uint8Array[] = [];
  return {
    write(chunk) {
      chunks.push(chunk.slice());
    },
    finish() {
      const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
      let at = 0;
      for (const chunk of chunks) {
        whole.set(chunk, at);
        at += chunk.byteLength;
      }
      chunks = [];
      return whole;
    },
    discard() {
      chunks = [];
    },
  };
}

/**
 * A store that takes at most so many bytes for all contents together; what is discarded does not count.
 *
 * @param limit - What sets the limit, in the error message.
 */
export function boundedStore<T>(
  store: ContentStore<T>,
  maxBytes: number,
  limit = 'contentLimits.maxFetchedBytes allows',
): ContentStore<T> {
  let left = maxBytes;
  return () => {
    const writer = store();
    let taken = 0;
    return {
      write(chunk) {
        left -= chunk.byteLength;
        taken += chunk.byteLength;
        if (left >= 0) return writer.write(chunk);
        const message = `The contents have more than the ${maxBytes} bytes that ${limit}.`;
        throw new ProtocolError('PROTOCOL_UNEXPECTED', message);
      },
      finish: () => writer.finish(),
      discard() {
        left += taken;
        taken = 0;
        return writer.discard();
      },
    };
  };
}
