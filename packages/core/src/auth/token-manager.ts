import { AbortedError, CredentialsError } from '../errors/errors.ts';
import { type Clock, systemClock } from '../utils/clock.ts';
import { type OnWarning, warn } from '../utils/warning.ts';
import type { IssuedToken } from './issued-token.ts';
import { SingleFlight } from './single-flight.ts';
import type { TokenCache } from './token-cache.ts';

/** Where authorised calls have their tokens from. */
export interface TokenSource {
  /** A token to use now. */
  getToken(signal?: AbortSignal): Promise<IssuedToken>;
  /** Says that the API refused this very token; the next `getToken` brings another one. */
  invalidate(token: IssuedToken): void;
}

export interface TokenManagerOptions {
  /** Asks the server for a token. */
  readonly issue: (signal: AbortSignal) => Promise<IssuedToken>;
  /** The place in the store that is shared with other clients and processes. */
  readonly shelf: TokenCache;
  readonly onWarning?: OnWarning | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * How long refused credentials stay refused, in milliseconds. A queue of a thousand calls must not become a thousand wrong
 * log-ins, which can lock the account; and a secret corrected in the backoffice should work again without a restart.
 */
export const refusalMemoryMs = 60_000;

/** Processes that start together have written to the store by then. Milliseconds. */
const turnSettleMs = 100;
/** How often, and how long, a process looks for the token that another one asks for. Milliseconds. */
const turnPollMs = 50;
const turnPatienceMs = 5_000;

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
  readonly #shelf: TokenCache;
  readonly #onWarning: OnWarning | undefined;
  readonly #clock: Clock;
  #current: IssuedToken | undefined;
  #flight: SingleFlight<IssuedToken> | undefined;
  #generation = 0;
  #refusedTokens: IssuedToken[] = [];
  #refusal: { error: CredentialsError; until: number } | undefined;
  /** No background renewal before this moment. */
  #quietUntil = 0;

  constructor({ issue, shelf, onWarning, clock = systemClock }: TokenManagerOptions) {
    this.#issue = issue;
    this.#shelf = shelf;
    this.#onWarning = onWarning;
    this.#clock = clock;
  }

  /**
   * @throws {@link CredentialsError} also for {@link refusalMemoryMs} after a refusal, without asking again.
   * @throws {@link TokenError} `TOKEN_UNAVAILABLE`
   * @throws {@link AbortedError} when this caller's signal fires; others who wait for the same token are not disturbed.
   */
  async getToken(signal?: AbortSignal): Promise<IssuedToken> {
    if (signal?.aborted) throw new AbortedError('The caller stopped the call.', { cause: signal.reason });
    const now = this.#clock.now();
    const current = this.#current;
    const refusal = this.#refusal && now < this.#refusal.until ? this.#refusal.error : undefined;
    if (current && now < current.unusableAt) {
      const due = now >= current.refreshAt && now >= this.#quietUntil;
      if (due && !refusal && !this.#flight) this.#renewInBackground(current);
      return current;
    }
    if (refusal) throw refusal;
    return this.#renewal().wait(signal);
  }

  /** Keyed on that very token: a hundred calls that fail together lead to one renewal. */
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
    const shared = await this.#readShelf();
    const token = shared ?? (await this.#askInTurn(signal));
    if (generation !== this.#generation) return token;
    this.#current = token;
    this.#quietUntil = 0;
    const ttlMs = token.unusableAt - this.#clock.now();
    if (!shared && ttlMs > 0) void this.#shelf.write(token, ttlMs).then(() => this.#shelf.releaseLock());
    return token;
  }

  /** Where processes share a store, one of them asks and the others wait for what it puts there. */
  async #askInTurn(signal: AbortSignal): Promise<IssuedToken> {
    const shelf = this.#shelf;
    if (!shelf.shared) return this.#ask(signal);
    if (await shelf.acquireLock(() => this.#clock.sleep(turnSettleMs, signal))) {
      try {
        return await this.#ask(signal);
      } catch (error) {
        shelf.releaseLock();
        throw error;
      }
    }
    for (let waited = 0; waited < turnPatienceMs; waited += turnPollMs) {
      await this.#clock.sleep(turnPollMs, signal);
      const shared = await this.#readShelf();
      if (shared) return shared;
    }
    return this.#ask(signal);
  }

  /** A token that another client or process has put there and that is better than ours. */
  async #readShelf(): Promise<IssuedToken | undefined> {
    const stored = await this.#shelf.read();
    if (!stored) return undefined;
    if (this.#refusedTokens.some((refused) => refused.equals(stored))) {
      this.#shelf.remove();
      return undefined;
    }
    const now = this.#clock.now();
    const current = this.#current;
    // While ours still serves, only one that need not be renewed itself is worth the change.
    if (current && now < current.unusableAt) return now < stored.refreshAt ? stored : undefined;
    return now < stored.unusableAt ? stored : undefined;
  }

  async #ask(signal: AbortSignal): Promise<IssuedToken> {
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
    const softWindow = current.expiresAt - current.refreshAt;
    this.#renewal()
      .wait()
      .catch((problem: unknown) => {
        // A few more tries before the token ends, not one with every call.
        this.#quietUntil = this.#clock.now() + Math.max(1000, softWindow / 6);
        warn(this.#onWarning, 'TOKEN_REFRESH_FAILED', 'The token could not be renewed early', problem);
      });
  }
}
