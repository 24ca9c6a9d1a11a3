import { AbortedError, CredentialsError } from '../errors/errors.ts';
import { type Clock, systemClock } from '../utils/clock.ts';
import { type OnWarning, warn } from '../utils/warning.ts';
import type { IssuedToken } from './issued-token.ts';
import { SingleFlight } from './single-flight.ts';
import type { TokenCache } from './token-cache.ts';

/** Provides the tokens of authorised calls. */
export interface TokenSource {
  /** A token to use now. */
  getToken(signal?: AbortSignal): Promise<IssuedToken>;
  /** Marks this token as refused by the API; the next `getToken` returns another one. */
  invalidate(token: IssuedToken): void;
}

export interface TokenManagerOptions {
  /** Requests a token from the server. */
  readonly issue: (signal: AbortSignal) => Promise<IssuedToken>;
  /** The entry in the store that is shared with other clients and processes. */
  readonly cache: TokenCache;
  readonly onWarning?: OnWarning | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * How long refused credentials stay refused, in milliseconds. A queue of a thousand calls must not cause a thousand failed
 * log-ins, which can lock the account; and a secret corrected in the backoffice must work without a restart.
 */
export const refusalMemoryMs = 60_000;

/** Processes that start together have written to the store after this time. Milliseconds. */
const lockSettleMs = 100;
/** How often, and how long, a process looks for the token that another one requests. Milliseconds. */
const lockPollMs = 50;
const lockWaitMs = 5_000;

/** Refused tokens that are remembered; a store holds one at a time, so a few cover every late reader. */
const refusedTokensKept = 8;

/**
 * Keeps one token in use and renews it: at most one renewal at a time, early and in the background where possible.
 *
 * A generation counts the invalidations. A renewal that began in an earlier generation serves those who wait for it, but is not
 * kept: it may bring back the very token that was refused meanwhile.
 */
export class TokenManager implements TokenSource {
  readonly #issue: TokenManagerOptions['issue'];
  readonly #cache: TokenCache;
  readonly #onWarning: OnWarning | undefined;
  readonly #clock: Clock;
  #current: IssuedToken | undefined;
  #flight: SingleFlight<IssuedToken> | undefined;
  #generation = 0;
  #refusedTokens: IssuedToken[] = [];
  #refusal: { error: CredentialsError; until: number } | undefined;
  /** No background renewal before this moment. */
  #noRefreshBefore = 0;

  constructor({ issue, cache, onWarning, clock = systemClock }: TokenManagerOptions) {
    this.#issue = issue;
    this.#cache = cache;
    this.#onWarning = onWarning;
    this.#clock = clock;
  }

  /**
   * @throws {@link CredentialsError} also for {@link refusalMemoryMs} after a refusal, without asking again.
   * @throws {@link TokenError} `TOKEN_UNAVAILABLE`
   * @throws {@link AbortedError} when this caller's signal fires; other callers that wait for the same token are not affected.
   */
  async getToken(signal?: AbortSignal): Promise<IssuedToken> {
    if (signal?.aborted) throw new AbortedError('The caller stopped the call.', { cause: signal.reason });
    const now = this.#clock.now();
    const current = this.#current;
    const refusal = this.#refusal && now < this.#refusal.until ? this.#refusal.error : undefined;
    if (current && now < current.unusableAt) {
      const due = now >= current.refreshAt && now >= this.#noRefreshBefore;
      if (due && !refusal && !this.#flight) this.#renewInBackground(current);
      return current;
    }
    if (refusal) throw refusal;
    return this.#renewal().wait(signal);
  }

  /** Tied to this token: a hundred calls that fail together lead to one renewal. */
  invalidate(token: IssuedToken): void {
    if (token !== this.#current) return;
    this.#generation++;
    this.#current = undefined;
    this.#flight = undefined;
    this.#refusedTokens = [token, ...this.#refusedTokens].slice(0, refusedTokensKept);
  }

  /** The renewal in progress, or a new one. */
  #renewal(): SingleFlight<IssuedToken> {
    if (this.#flight && !this.#flight.cancelled) return this.#flight;
    const flight: SingleFlight<IssuedToken> = new SingleFlight(async (signal) => {
      try {
        return await this.#renew(signal);
      } finally {
        if (this.#flight === flight) this.#flight = undefined;
      }
    });
    this.#flight = flight;
    return flight;
  }

  async #renew(signal: AbortSignal): Promise<IssuedToken> {
    const generation = this.#generation;
    const shared = await this.#readCache();
    const token = shared ?? (await this.#requestWithLock(signal));
    if (generation !== this.#generation) return token;
    this.#current = token;
    this.#noRefreshBefore = 0;
    const ttlMs = token.unusableAt - this.#clock.now();
    if (!shared && ttlMs > 0) void this.#cache.write(token, ttlMs).then(() => this.#cache.releaseLock());
    return token;
  }

  /** If processes share a store, one of them requests a token and the others wait until it is stored. */
  async #requestWithLock(signal: AbortSignal): Promise<IssuedToken> {
    const cache = this.#cache;
    if (!cache.shared) return this.#request(signal);
    if (await cache.acquireLock(() => this.#clock.sleep(lockSettleMs, signal))) {
      try {
        return await this.#request(signal);
      } catch (error) {
        cache.releaseLock();
        throw error;
      }
    }
    for (let waited = 0; waited < lockWaitMs; waited += lockPollMs) {
      await this.#clock.sleep(lockPollMs, signal);
      const shared = await this.#readCache();
      if (shared) return shared;
    }
    return this.#request(signal);
  }

  /** A token that another client or process has stored and that expires later than ours. */
  async #readCache(): Promise<IssuedToken | undefined> {
    const stored = await this.#cache.read();
    if (!stored) return undefined;
    if (this.#refusedTokens.some((refused) => refused.equals(stored))) {
      this.#cache.remove();
      return undefined;
    }
    const now = this.#clock.now();
    const current = this.#current;
    // While ours is valid, only replace it with one that does not need a refresh itself.
    if (current && now < current.unusableAt) return now < stored.refreshAt ? stored : undefined;
    return now < stored.unusableAt ? stored : undefined;
  }

  async #request(signal: AbortSignal): Promise<IssuedToken> {
    try {
      const token = await this.#issue(signal);
      this.#refusal = undefined;
      return token;
    } catch (error) {
      if (error instanceof CredentialsError) this.#refusal = { error, until: this.#clock.now() + refusalMemoryMs };
      throw error;
    }
  }

  #renewInBackground(current: IssuedToken): void {
    const refreshWindow = current.expiresAt - current.refreshAt;
    this.#renewal()
      .wait()
      .catch((problem: unknown) => {
        // A few more attempts before the token expires, not one with every call.
        this.#noRefreshBefore = this.#clock.now() + Math.max(1000, refreshWindow / 6);
        warn(this.#onWarning, 'TOKEN_REFRESH_FAILED', 'The token could not be renewed early', problem);
      });
  }
}
