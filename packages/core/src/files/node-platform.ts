import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Platform } from '../client/platform.ts';

const view = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** What {@link Platform} asks for, by Node's own means. */
export const nodePlatform: Platform = {
  async sleep(milliseconds, signal) {
    await wait(milliseconds, undefined, signal ? { signal } : {});
  },
  async sha256(chunks) {
    const hash = createHash('sha256');
    for await (const chunk of chunks) hash.update(chunk);
    return hash.digest('hex');
  },
  // By way of a one-byte string: Node has no direct path, and both halves of this one are vectorised.
  toBase64: (bytes) => Buffer.from(view(bytes).toString('base64'), 'latin1'),
  fromBase64: (ascii) => Buffer.from(view(ascii).toString('latin1'), 'base64'),
};
