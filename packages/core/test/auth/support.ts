import { IssuedToken } from '../../src/auth/issued-token.ts';
import { TokenCache } from '../../src/auth/token-cache.ts';
import { TokenManager, type TokenManagerOptions } from '../../src/auth/token-manager.ts';
import { MemoryTokenStore, type TokenStore } from '../../src/auth/token-store.ts';
import type { Clock } from '../../src/utils/clock.ts';
import type { Warning } from '../../src/utils/warning.ts';

/** A clock that only the test advances; sleeping takes no real time and is recorded. */
export class FakeClock implements Clock {
  time = Date.now();
  readonly slept: number[] = [];
  now = () => this.time;
  sleep = async (milliseconds: number) => {
    this.slept.push(milliseconds);
    this.time += milliseconds;
  };
  pass(milliseconds: number) {
    this.time += milliseconds;
  }
}

export const owner = { tokenUrl: 'https://as.example/oauth/token', clientId: 'PRT.1-PRT.1-a' };

/** An authorization server that answers when the test lets it. */
export class FakeIssuer {
  readonly pending: Array<{ give: (token: IssuedToken) => void; fail: (error: unknown) => void; signal: AbortSignal }> =
    [];
  asked = 0;
  readonly #clock: Clock;
  /** Answers at once with `t1`, `t2` and so on. */
  automatic = true;
  lifeMs = 3_600_000;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  token(accessToken: string, lifeMs = this.lifeMs): IssuedToken {
    const issuedAt = this.#clock.now();
    return new IssuedToken({ accessToken, issuedAt, expiresAt: issuedAt + lifeMs });
  }

  issue = (signal: AbortSignal): Promise<IssuedToken> => {
    this.asked++;
    if (this.automatic) return Promise.resolve(this.token(`t${this.asked}`));
    return new Promise((give, fail) => {
      this.pending.push({ give, fail, signal });
      signal.addEventListener('abort', () => fail(signal.reason));
    });
  };
}

export function managerWith(
  issuer: FakeIssuer,
  clock: Clock,
  store: TokenStore = new MemoryTokenStore(),
  options: Partial<TokenManagerOptions> = {},
) {
  const warnings: Warning[] = [];
  const onWarning = (warning: Warning) => warnings.push(warning);
  const cache = new TokenCache(store, { owner, onWarning, timeoutMs: 20 });
  const manager = new TokenManager({ issue: issuer.issue, cache, clock, onWarning, ...options });
  return { manager, warnings };
}

/** The secret of a token, read from its header. */
export const secretOf = (token: IssuedToken) => token.authorization().replace('Bearer ', '');

/** Runs all pending microtasks. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));
