import { describe, expect, it } from 'vitest';
import { IssuedToken } from '../../src/auth/issued-token.ts';
import { tokenKey } from '../../src/auth/token-cache.ts';
import { refusalMemoryMs, type TokenManager } from '../../src/auth/token-manager.ts';
import { MemoryTokenStore, type StoredToken, type TokenStore } from '../../src/auth/token-store.ts';
import { AbortedError, CredentialsError, TokenError } from '../../src/errors/errors.ts';
import { FakeClock, FakeIssuer, managerWith, owner, secretOf, settle } from './support.ts';

const hour = 3_600_000;
const many = (manager: TokenManager, count: number) =>
  Promise.all(Array.from({ length: count }, () => manager.getToken()));
const setUp = (store?: TokenStore) => {
  const clock = new FakeClock();
  const issuer = new FakeIssuer(clock);
  return { clock, issuer, ...managerWith(issuer, clock, store) };
};

describe('a renewal for all callers', () => {
  it('requests one token for 1,000 concurrent calls, and none for later ones', async () => {
    const { manager, issuer } = setUp();
    const tokens = await many(manager, 1000);
    expect(new Set(tokens).size).toBe(1);
    await manager.getToken();
    expect(issuer.asked).toBe(1);
  });

  it('continues for the others when one caller stops waiting', async () => {
    const { manager, issuer } = setUp();
    issuer.automatic = false;
    const stop = new AbortController();
    const stopped = manager.getToken(stop.signal);
    const other = manager.getToken();
    await settle();
    stop.abort(new Error('enough'));
    const error = await stopped.catch((problem: unknown) => problem);
    expect(error).toBeInstanceOf(AbortedError);
    expect((error as Error).cause).toMatchObject({ message: 'enough' });
    expect(issuer.pending[0]?.signal.aborted).toBe(false);
    issuer.pending[0]?.give(issuer.token('t1'));
    expect(secretOf(await other)).toBe('t1');
    expect(issuer.asked).toBe(1);
  });

  it('is aborted when no caller waits for it, and starts again for the next one', async () => {
    const { manager, issuer } = setUp();
    issuer.automatic = false;
    const stop = new AbortController();
    const waiting = [manager.getToken(stop.signal), manager.getToken(stop.signal)];
    await settle();
    stop.abort();
    for (const one of await Promise.allSettled(waiting)) expect(one.status).toBe('rejected');
    expect(issuer.pending[0]?.signal.aborted).toBe(true);
    issuer.automatic = true;
    expect(secretOf(await manager.getToken())).toBe('t2');
  });

  it('does not start for a caller whose signal has fired already', async () => {
    const { manager, issuer } = setUp();
    await expect(manager.getToken(AbortSignal.abort())).rejects.toThrow(AbortedError);
    expect(issuer.asked).toBe(0);
  });
});

describe('expiry', () => {
  it('renews in the background in the last minute, while the old token is used', async () => {
    const { manager, issuer, clock } = setUp();
    const first = await manager.getToken();
    clock.pass(hour - 61_000);
    expect(await manager.getToken()).toBe(first);
    await settle();
    expect(issuer.asked).toBe(1);
    clock.pass(2_000);
    issuer.automatic = false;
    expect(await many(manager, 50)).toEqual(Array(50).fill(first));
    await settle();
    expect(issuer.asked).toBe(2);
    issuer.pending[0]?.give(issuer.token('early'));
    await settle();
    expect(secretOf(await manager.getToken())).toBe('early');
  });

  it('uses a tenth of a short lifetime as its refresh window', async () => {
    const { manager, issuer, clock } = setUp();
    issuer.lifeMs = 100_000;
    await manager.getToken();
    clock.pass(89_000);
    await manager.getToken();
    await settle();
    expect(issuer.asked).toBe(1);
    clock.pass(2_000);
    await manager.getToken();
    await settle();
    expect(issuer.asked).toBe(2);
  });

  it('makes callers wait in the last five seconds', async () => {
    const { manager, issuer, clock } = setUp();
    await manager.getToken();
    clock.pass(hour - 4_000);
    const tokens = await many(manager, 50);
    expect(new Set(tokens.map(secretOf))).toEqual(new Set(['t2']));
    expect(issuer.asked).toBe(2);
  });

  it('uses a token without lifetime once, and does not request tokens in a loop', async () => {
    const { manager, issuer } = setUp();
    issuer.lifeMs = 0;
    expect(new Set((await many(manager, 10)).map(secretOf))).toEqual(new Set(['t1']));
    expect(secretOf(await manager.getToken())).toBe('t2');
  });

  it('keeps the old token when the early renewal fails, and tries again later, not with every call', async () => {
    const { manager, issuer, clock, warnings } = setUp();
    const first = await manager.getToken();
    clock.pass(hour - 59_000);
    issuer.automatic = false;
    for (let call = 0; call < 20; call++) {
      expect(await manager.getToken()).toBe(first);
      await settle();
      issuer.pending[0]?.fail(new TokenError('TOKEN_UNAVAILABLE', 'down'));
      await settle();
    }
    expect(issuer.asked).toBe(2);
    expect(warnings).toEqual([{ code: 'TOKEN_REFRESH_FAILED', message: expect.stringContaining('down') }]);
    clock.pass(11_000);
    issuer.automatic = true;
    expect(await manager.getToken()).toBe(first);
    await settle();
    expect(secretOf(await manager.getToken())).toBe('t3');
  });
});

describe('a refused token', () => {
  it('is renewed once, however many calls it failed', async () => {
    const { manager, issuer } = setUp();
    const first = await manager.getToken();
    const again = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        // Some calls fail while the renewal runs, some after it.
        for (let turn = 0; turn < index % 5; turn++) await settle();
        manager.invalidate(first);
        return manager.getToken();
      }),
    );
    expect(new Set(again.map(secretOf))).toEqual(new Set(['t2']));
    expect(issuer.asked).toBe(2);
  });

  it('is not brought back by an early renewal that began before the refusal', async () => {
    const { manager, issuer, clock } = setUp();
    const first = await manager.getToken();
    clock.pass(hour - 59_000);
    issuer.automatic = false;
    await manager.getToken();
    await settle();
    manager.invalidate(first);
    const next = manager.getToken();
    await settle();
    expect(issuer.asked).toBe(3);
    issuer.pending[1]?.give(issuer.token('t3'));
    expect(secretOf(await next)).toBe('t3');
    // Spring's server gives the same token again while it lives: the late answer is the refused token itself.
    issuer.pending[0]?.give(issuer.token('t1'));
    await settle();
    expect(secretOf(await manager.getToken())).toBe('t3');
    expect(issuer.asked).toBe(3);
  });

  it('is not brought back by an early renewal even if no call was made since', async () => {
    const { manager, issuer, clock } = setUp();
    const first = await manager.getToken();
    clock.pass(hour - 59_000);
    issuer.automatic = false;
    await manager.getToken();
    await settle();
    manager.invalidate(first);
    issuer.pending[0]?.give(issuer.token('t1'));
    await settle();
    issuer.automatic = true;
    expect(secretOf(await manager.getToken())).toBe('t3');
  });

  it('is not taken back from the shared store', async () => {
    const store = new MemoryTokenStore();
    const { manager, issuer } = setUp(store);
    manager.invalidate(await manager.getToken());
    expect(secretOf(await manager.getToken())).toBe('t2');
    expect(issuer.asked).toBe(2);
    expect(store.get(tokenKey(owner))?.accessToken).toBe('t2');
  });

  it('is not taken back by a store that answers late', async () => {
    let slow: (() => void) | undefined;
    const inner = new MemoryTokenStore();
    const store: TokenStore = {
      get: async (key) => {
        const value = inner.get(key);
        if (value) await new Promise<void>((resolve) => (slow = resolve));
        return value;
      },
      set: (key, value, ttlMs) => inner.set(key, value, ttlMs),
    };
    const { manager, issuer, clock } = setUp(store);
    const first = await manager.getToken();
    clock.pass(hour - 59_000);
    await manager.getToken();
    manager.invalidate(first);
    slow?.();
    await settle();
    const next = manager.getToken();
    slow?.();
    expect(secretOf(await next)).not.toBe('t1');
    expect(secretOf(await manager.getToken())).not.toBe('t1');
    expect(issuer.asked).toBe(3);
  });

  it('is replaced by the newer one another process has put into the store', async () => {
    const store = new MemoryTokenStore();
    const { manager, issuer, clock } = setUp(store);
    const here = await manager.getToken();
    const there = managerWith(issuer, clock, store).manager;
    const same = await there.getToken();
    expect(same.equals(here)).toBe(true);
    there.invalidate(same);
    expect(secretOf(await there.getToken())).toBe('t2');
    manager.invalidate(here);
    expect(secretOf(await manager.getToken())).toBe('t2');
    expect(issuer.asked).toBe(2);
  });

  it('has no effect if it is not the current one', async () => {
    const { manager, issuer } = setUp();
    const token = await manager.getToken();
    manager.invalidate(issuer.token(secretOf(token)));
    expect(await manager.getToken()).toBe(token);
  });
});

describe('refused credentials', () => {
  it('are reported to all waiting callers, and not tried again for a minute', async () => {
    const { manager, issuer, clock } = setUp();
    issuer.automatic = false;
    const waiting = Array.from({ length: 1000 }, () => manager.getToken().catch((error: unknown) => error));
    await settle();
    issuer.pending[0]?.fail(new CredentialsError('no'));
    for (const error of await Promise.all(waiting)) expect(error).toBeInstanceOf(CredentialsError);
    for (let call = 0; call < 100; call++) await expect(manager.getToken()).rejects.toThrow(CredentialsError);
    expect(issuer.asked).toBe(1);
    clock.pass(refusalMemoryMs + 1);
    issuer.automatic = true;
    expect(secretOf(await manager.getToken())).toBe('t2');
  });

  it('do not invalidate a token that is still valid', async () => {
    const { manager, issuer, clock } = setUp();
    const first = await manager.getToken();
    clock.pass(hour - 59_000);
    issuer.automatic = false;
    await manager.getToken();
    await settle();
    issuer.pending[0]?.fail(new CredentialsError('no'));
    await settle();
    clock.pass(30_000);
    expect(await manager.getToken()).toBe(first);
    await settle();
    expect(issuer.asked).toBe(2);
    clock.pass(26_000);
    await expect(manager.getToken()).rejects.toThrow(CredentialsError);
    expect(issuer.asked).toBe(2);
  });

  it('are distinguished from an outage, after which the request is repeated', async () => {
    const { manager, issuer } = setUp();
    issuer.automatic = false;
    const failed = manager.getToken();
    await settle();
    issuer.pending[0]?.fail(new TokenError('TOKEN_UNAVAILABLE', 'down'));
    await expect(failed).rejects.toThrow(TokenError);
    issuer.automatic = true;
    expect(secretOf(await manager.getToken())).toBe('t2');
  });
});

describe('the shared store', () => {
  it('saves the second client its token request', async () => {
    const store = new MemoryTokenStore();
    const { manager, issuer, clock } = setUp(store);
    const token = await manager.getToken();
    const second = await managerWith(issuer, clock, store).manager.getToken();
    expect(second.equals(token)).toBe(true);
    expect(second.expiresAt).toBe(token.expiresAt);
    expect(issuer.asked).toBe(1);
  });

  it('never returns a token that is about to expire', async () => {
    const store = new MemoryTokenStore();
    const { manager, issuer, clock } = setUp(store);
    store.set(tokenKey(owner), issuer.token('old').toStored(), hour);
    clock.pass(hour - 4_000);
    expect(secretOf(await manager.getToken())).toBe('t1');
  });

  it.each<[string, unknown]>([
    ['a text', 'eyJ'],
    ['null', null],
    ['an array', []],
    ['another version', { v: 2, token: 'x', until: 3 }],
    ['no expiry', { accessToken: 'x', tokenType: 'bearer', issuedAt: 1 }],
    ['a header injection', { accessToken: 'x\r\ny: z', tokenType: 'bearer', issuedAt: 1, expiresAt: 9e15 }],
    ['another type', { accessToken: 'x', tokenType: 'mac', issuedAt: 1, expiresAt: 9e15 }],
    ['no number', { accessToken: 'x', tokenType: 'bearer', issuedAt: 1, expiresAt: '9e15' }],
  ])('is ignored if it contains %s', async (_, value) => {
    const store: TokenStore = { get: () => value as StoredToken, set: () => true };
    const { manager } = setUp(store);
    expect(secretOf(await manager.getToken())).toBe('t1');
  });

  it.each<[string, TokenStore['get']]>([
    [
      'throws',
      () => {
        throw new Error('store down');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('store down');
      },
    ],
    ['hangs', () => new Promise(() => {})],
  ])('fails no call when it %s', async (_, broken) => {
    const { manager, warnings, issuer } = setUp({ get: broken, set: broken as TokenStore['set'] });
    expect(secretOf(await manager.getToken())).toBe('t1');
    expect(await manager.getToken()).toBeInstanceOf(IssuedToken);
    expect(issuer.asked).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(warnings.map(({ code }) => code)).toEqual(['TOKEN_STORE_FAILED', 'TOKEN_STORE_FAILED']);
  });
});
