import { createHash, randomUUID } from 'node:crypto';
import { type OnWarning, warn } from '../utils/warning.ts';
import { IssuedToken } from './issued-token.ts';
import type { TokenStore } from './token-store.ts';

export interface TokenCacheOptions {
  /** What the token is for; together they make the key. */
  readonly owner: { tokenUrl: string; clientId: string; scope?: string | undefined };
  readonly onWarning?: OnWarning | undefined;
  /** How long a store may take before it is skipped. Milliseconds. Default 500. */
  readonly timeoutMs?: number | undefined;
  /** Whether other processes use the store: then only one of them requests a token at a time. Default false. */
  readonly shared?: boolean | undefined;
}

/** How long the lock is held if its process dies. Milliseconds. */
const lockMs = 10_000;

/** One client's entry in a token store. Reading and writing never fail and never hang, whatever the store does. */
export class TokenCache {
  readonly #store: TokenStore;
  readonly #key: string;
  readonly #onWarning: OnWarning | undefined;
  readonly #timeoutMs: number;

  /** Whether other processes use the store. */
  readonly shared: boolean;

  constructor(store: TokenStore, { owner, onWarning, timeoutMs = 500, shared = false }: TokenCacheOptions) {
    this.#store = store;
    this.shared = shared;
    this.#key = tokenKey(owner);
    this.#onWarning = onWarning;
    this.#timeoutMs = timeoutMs;
  }

  /** The stored token, where there is one in a shape this version knows. */
  async read(): Promise<IssuedToken | undefined> {
    try {
      return IssuedToken.fromStore(await this.#withTimeout(() => this.#store.get(this.#key)));
    } catch (problem) {
      warn(this.#onWarning, 'TOKEN_STORE_FAILED', 'The token store could not be read', problem);
      return undefined;
    }
  }

  /** Need not be awaited: a lost write only costs another process one token request. Never rejects. */
  async write(token: IssuedToken, ttlMs: number): Promise<void> {
    const stored = token.toStored();
    await this.#withTimeout(() => this.#store.set(this.#key, stored, ttlMs)).catch((problem: unknown) => {
      // Stores may quote the value that they could not write.
      const what = 'The token store could not be written';
      warn(this.#onWarning, 'TOKEN_STORE_FAILED', what, problem, [stored.accessToken]);
    });
  }

  remove(): void {
    this.#withTimeout(() => this.#store.delete?.(this.#key)).catch((problem: unknown) => {
      warn(this.#onWarning, 'TOKEN_STORE_FAILED', 'The token store could not delete a refused token', problem);
    });
  }

  /**
   * Whether this process may request a token. Stores have no lock: the last writer before
   * every process reads again has it. Two processes may both believe that they hold it, which costs one token request and nothing else.
   *
   * @param settle - Waits until every process that starts at the same moment has written.
   */
  async acquireLock(settle: () => Promise<void>): Promise<boolean> {
    const key = `${this.#key}:lock`;
    const accessToken = randomUUID();
    const now = Date.now();
    try {
      if (await this.#withTimeout(() => this.#store.get(key))) return false;
      const mine = { accessToken, tokenType: 'lock', issuedAt: now, expiresAt: now + lockMs };
      await this.#withTimeout(() => this.#store.set(key, mine, lockMs));
      await settle();
      const holder = await this.#withTimeout(() => this.#store.get(key));
      // If the store lost what was just written, no other process has a token to wait for.
      return holder === undefined || holder.accessToken === accessToken;
    } catch {
      // Reading the token has reported the failure already; without a store, every process requests its own token.
      return true;
    }
  }

  /** Lets the next process acquire the lock at once. */
  releaseLock(): void {
    this.#withTimeout(() => this.#store.delete?.(`${this.#key}:lock`)).catch(() => {});
  }

  async #withTimeout<T>(work: () => T | Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${this.#timeoutMs} ms`)), this.#timeoutMs);
    });
    try {
      return await Promise.race([(async () => work())(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A hash, so that the keys of the store do not reveal client ids. */
export function tokenKey({ tokenUrl, clientId, scope = '' }: TokenCacheOptions['owner']): string {
  const hash = createHash('sha256').update(JSON.stringify([tokenUrl, clientId, scope]));
  return `signstash-connect:token:${hash.digest('hex')}`;
}
