import { createHash, type Hash } from 'node:crypto';
import type { Platform, StreamingHash } from '@signstash-connect/core/client';
import { sleep } from 'n8n-workflow';

const streamingHash = (hash: Hash): StreamingHash => ({
  update: (chunk) => void hash.update(chunk),
  copy: () => streamingHash(hash.copy()),
  hex: () => hash.digest('hex'),
});

/** Core's {@link Platform}, limited to what n8n permits a verified node to use. */
export const platform: Platform = {
  async sleep(milliseconds, signal) {
    await sleep(milliseconds, signal);
    // Older versions of n8n ignore the signal and wait to the end.
    signal?.throwIfAborted();
  },
  async sha256(chunks) {
    const hash = createHash('sha256');
    for await (const chunk of chunks) hash.update(chunk);
    return hash.digest('hex');
  },
  createSha256: () => streamingHash(createHash('sha256')),
  toBase64: (bytes) => Buffer.from(view(bytes).toString('base64'), 'latin1'),
  fromBase64: (ascii, into) => view(into).write(view(ascii).toString('latin1'), 'base64'),
};

/** The same memory as a Buffer: base64 is what Buffers can do and plain arrays cannot. */
const view = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
