import KeyvRedis from '@keyv/redis';
import type { TokenStore } from '@signstash-connect/core';
import { Keyv } from 'keyv';

/** Tokens in Redis: all processes together request one. While Redis is unreachable, core uses its own memory. */
export function sharedTokenStore(redisUrl: string): { store: TokenStore; close(): Promise<void> } {
  const adapter = new KeyvRedis(
    {
      url: redisUrl,
      // Fail at once while Redis is unreachable: the authorization server issues a token quickly.
      disableOfflineQueue: true,
      socket: { connectTimeout: 1_000, reconnectStrategy: (tries: number) => Math.min(tries * 100, 2_000) },
    },
    { throwOnErrors: true },
  );
  const store = new Keyv({ store: adapter as never, namespace: 'signstash-token', throwOnErrors: true });
  // Core reports it once, as a warning.
  store.on('error', () => {});
  return { store: store as unknown as TokenStore, close: () => store.disconnect() };
}
