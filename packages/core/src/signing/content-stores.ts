import type { ContentWriter } from '../api/response/signed-content-reader.ts';

/** Collects one sealed document in memory. */
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
