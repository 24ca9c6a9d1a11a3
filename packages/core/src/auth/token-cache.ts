import { createHash, randomUUID } from 'node:crypto';
import { type OnWarning, warn } from '../utils/warning.ts';
import { IssuedToken } from './issued-token.ts';
import type { TokenStore } from './token-store.ts';

export interface TokenShelfOptions {
  /** What the token is for; together they make the key. */
  readonly owner: { tokenUrl: string; clientId: string; scope?: string | undefined };
  readonly onWarning?: OnWarning | undefined;
  /** Milliseconds a store may take before it is passed over. Default 500. */
  readonly patienceMs?: number | undefined;
  /** Whether other processes use the store: then they take turns in asking for a token. Default false. */
  readonly shared?: boolean | undefined;
}

/** How long a turn lasts where the process that has it dies. Milliseconds. */
const turnMs = 10_000;

/** One client's place in a token store: whatever the store does, reading and writing never fail and never hang. */
export class TokenCache {
  readonly #store: TokenStore;
  readonly #key: string;
  readonly #onWarning: OnWarning | undefined;
  readonly #patienceMs: number;

  /** Whether other processes use the store. */
  readonly shared: boolean;

  constructor(store: TokenStore, { owner, onWarning, patienceMs = 500, shared = false }: TokenShelfOptions) {
    this.#store = store;
    this.shared = shared;
    this.#key = tokenKey(owner);
    this.#onWarning = onWarning;
    this.#patienceMs = patienceMs;
  }

  /** The stored token, where there is one in a shape this version knows. */
  async read(): Promise<IssuedToken | undefined> {
    try {
      return IssuedToken.fromStore(await this.#patiently(() => this.#store.get(this.#key)));
    } catch (problem) {
      warn(this.#onWarning, 'TOKEN_STORE_FAILED', 'The token store could not be read', problem);
      return undefined;
    }
  }

  /** Need not be awaited: a lost write only costs another process one token request. Never rejects. */
  async write(token: IssuedToken, ttlMs: number): Promise<void> {
    const stored = token.toStored();
    await this.#patiently(() => this.#store.set(this.#key, stored, ttlMs)).catch((problem: unknown) => {
      // Stores like to quote the value they could not keep.
      const what = 'The token store could not be written';
      warn(this.#onWarning, 'TOKEN_STORE_FAILED', what, problem, [stored.accessToken]);
    });
  }

  remove(): void {
    this.#patiently(() => this.#store.delete?.(this.#key)).catch((problem: unknown) => {
      warn(this.#onWarning, 'TOKEN_STORE_FAILED', 'The token store could not delete a refused token', problem);
    });
  }

  /**
   * Whether it is this process's turn to ask for a token. Stores have no lock to offer: whoever wrote last before everybody looks
   * again has the turn. Two may believe so in a bad moment, which costs one token request and nothing else.
   *
   * @param settle - Waits until everybody who starts at the same moment has written.
   */
  async acquireLock(settle: () => Promise<void>): Promise<boolean> {
    const key = `${this.#key}:turn`;
    const accessToken = randomUUID();
    const now = Date.now();
    try {
      if (await this.#patiently(() => this.#store.get(key))) return false;
      const mine = { accessToken, tokenType: 'turn', issuedAt: now, expiresAt: now + turnMs };
      await this.#patiently(() => this.#store.set(key, mine, turnMs));
      await settle();
      const turn = await this.#patiently(() => this.#store.get(key));
      // A store that lost what was just written has nobody else's token to wait for.
      return turn === undefined || turn.accessToken === accessToken;
    } catch {
      // Reading the token has warned of the store already; without it, everybody asks for themselves.
      return true;
    }
  }

  /** Lets the next process have its turn at once. */
  releaseLock(): void {
    this.#patiently(() => this.#store.delete?.(`${this.#key}:turn`)).catch(() => {});
  }

  async #patiently<T>(work: () => T | Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${this.#patienceMs} ms`)), this.#patienceMs);
    });
    try {
      return await Promise.race([(async () => work())(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A hash, so that a look into the store tells nobody which clients there are. */
export function tokenKey({ tokenUrl, clientId, scope = '' }: TokenShelfOptions['owner']): string {
  const hash = createHash('sha256').update(JSON.stringify([tokenUrl, clientId, scope]));
  return `signstash-connect:token:${hash.digest('hex')}`;
}
