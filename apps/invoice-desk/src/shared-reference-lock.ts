import { RedisReferenceLock, type ReferenceLock } from '@signstash-connect/core';
import { Redis } from 'ioredis';

/**
 * Locks of references in Redis: no two processes sign a document at the same time. While Redis is unreachable, core looks documents
 * up before it sends them, and reports it as a warning.
 *
 * @param leaseMs - After this long, the locks of a process that died are taken over. Milliseconds.
 */
export function sharedReferenceLock(redisUrl: string, leaseMs: number): { lock: ReferenceLock; close(): void } {
  const client = new Redis(redisUrl, {
    // Fail while Redis is unreachable, once the first connection had its time, instead of holding the document.
    maxRetriesPerRequest: 1,
    connectTimeout: 1_000,
    retryStrategy: (tries) => Math.min(tries * 100, 2_000),
  });
  client.on('error', () => {});
  return { lock: new RedisReferenceLock({ client, leaseMs }), close: () => client.disconnect() };
}
