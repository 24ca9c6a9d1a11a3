import KeyvRedis from '@keyv/redis';
import type { TokenStore } from '@signstash-connect/core';
import { Keyv } from 'keyv';

/** Tokens on Redis: all processes together ask for one. Where Redis is away the core falls back to its own memory. */
export function sharedTokenStore(redisUrl: string): { store: TokenStore; close(): Promise<void> } {
  const adapter = new KeyvRedis(
    {
      url: redisUrl,
      // Fail at once while Redis is away: a token is soon had from the authorization server.
      disableOfflineQueue: true,
      socket: { connectTimeout: 1_000, reconnectStrategy: (tries: number) => Math.min(tries * 100, 2_000) },
    },
    { throwOnErrors: true },
  );
  const store = new Keyv({ store: adapter as never, namespace: 'signstash-token', throwOnErrors: true });
  // Told by the core, once, as a warning.
  store.on('error', () => {});
  return { store: store as unknown as TokenStore, close: () => store.disconnect() };
}
