import { createHash } from 'node:crypto';
import { defaultMaxAgeMs, type ResultStore } from './result-store.ts';

/** The part of a Keyv instance that is used. */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, ttlMs?: number): Promise<unknown>;
}

export interface KeyvResultStoreOptions {
  /** Bytes of one document; a larger one is not kept. Default 25 MiB. Bound the total in the store, such as Redis's `maxmemory`. */
  maxResultBytes?: number;
  /** Milliseconds after which a document is dropped. Default 30 days. */
  maxAgeMs?: number;
}

/**
 * Keeps signed documents in any Keyv store, such as Redis, so that several processes share them.
 *
 * @example
 * ```ts
 * const resultStore = keyvResultStore(new Keyv(new KeyvRedis(url)));
 * ```
 */
export function keyvResultStore(keyv: KeyvLike, options: KeyvResultStoreOptions = {}): ResultStore {
  const { maxResultBytes = 25 * 1024 * 1024, maxAgeMs = defaultMaxAgeMs } = options;
  // Hashed: a reference may hold characters that a store treats specially.
  const keyOf = (reference: string) => `signstash-result:${createHash('sha256').update(reference).digest('hex')}`;
  return {
    async get(reference) {
      const value = (await keyv.get(keyOf(reference))) as { operationId?: unknown; content?: unknown } | undefined;
      if (typeof value?.operationId !== 'string' || typeof value.content !== 'string') return undefined;
      return { operationId: value.operationId, content: Buffer.from(value.content, 'base64') };
    },
    async set(reference, { operationId, content }) {
      if (content.byteLength > maxResultBytes) {
        throw new Error(`The signed document has ${content.byteLength} bytes; maxResultBytes is ${maxResultBytes}.`);
      }
      // Base64 in a plain object, which every Keyv serializer can store.
      await keyv.set(keyOf(reference), { operationId, content: Buffer.from(content).toString('base64') }, maxAgeMs);
    },
  };
}
