/** What a token store keeps, as plain JSON. */
export interface StoredToken {
  /** A bearer token: whoever reads it can sign documents until it expires. Keep the store as safe as the client secret. */
  accessToken: string;
  tokenType: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  /** Milliseconds since the epoch. */
  issuedAt: number;
}

/**
 * Shares tokens between clients or processes, so that fewer are requested. A Keyv instance works without an adapter:
 * `tokenStore: new Keyv(new KeyvRedis(url))`.
 *
 * The stored value is a bearer token, readable by whoever reads the store. The key is a hash of token URL, client id and scope;
 * the client secret is never stored. A store that fails or hangs never fails a call: the token is requested instead.
 */
export interface TokenStore {
  get(key: string): StoredToken | undefined | Promise<StoredToken | undefined>;
  /** @param ttlMs - Milliseconds after which the value is of no use. */
  set(key: string, value: StoredToken, ttlMs: number): unknown;
  delete?(key: string): unknown;
}

/** Keeps tokens in this process. Every client has its own unless one is passed to several. */
export class MemoryTokenStore implements TokenStore {
  readonly #entries = new Map<string, { value: StoredToken; until: number }>();

  get(key: string): StoredToken | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.until > Date.now() ? entry.value : undefined;
  }

  set(key: string, value: StoredToken, ttlMs: number): void {
    const now = Date.now();
    for (const [other, { until }] of this.#entries) if (until <= now) this.#entries.delete(other);
    this.#entries.set(key, { value, until: now + ttlMs });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
