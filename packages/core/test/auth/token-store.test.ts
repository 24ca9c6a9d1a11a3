import { inspect } from 'node:util';
import fc from 'fast-check';
import Keyv from 'keyv';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { IssuedToken } from '../../src/auth/issued-token.ts';
import { TokenCache, tokenKey } from '../../src/auth/token-cache.ts';
import { MemoryTokenStore, type StoredToken, type TokenStore } from '../../src/auth/token-store.ts';
import { FakeClock, FakeIssuer, managerWith, owner, secretOf, settle } from './support.ts';

const stored = (accessToken = 'abc'): StoredToken => ({
  accessToken,
  tokenType: 'bearer',
  issuedAt: Date.now(),
  expiresAt: Date.now() + 60_000,
});

afterEach(() => {
  vi.useRealTimers();
});

describe('Keyv', () => {
  // Compiled, too: these lines are the type-level test that an instance fits as it is.
  const untyped: TokenStore = new Keyv();
  const typed: TokenStore = new Keyv<StoredToken>();

  it.each([
    ['untyped', untyped],
    ['typed', typed],
  ])('works as a token store (%s)', async (_, store) => {
    const clock = new FakeClock();
    const issuer = new FakeIssuer(clock);
    await managerWith(issuer, clock, store).manager.getToken();
    await settle();
    expect(await store.get(tokenKey(owner))).toMatchObject({ accessToken: 't1', tokenType: 'bearer' });
    expect(secretOf(await managerWith(issuer, clock, store).manager.getToken())).toBe('t1');
    expect(issuer.asked).toBe(1);
  });

  it('forgets an expired token', async () => {
    const store = new Keyv();
    const clock = new FakeClock();
    const issuer = new FakeIssuer(clock);
    issuer.lifeMs = 60;
    await managerWith(issuer, clock, store).manager.getToken();
    await settle();
    expect(await store.get(tokenKey(owner))).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(await store.get(tokenKey(owner))).toBeUndefined();
  });
});

describe('the memory store', () => {
  it('forgets a token when it expires and when it is deleted', () => {
    vi.useFakeTimers();
    const store = new MemoryTokenStore();
    store.set('a', stored(), 1000);
    store.set('b', stored('other'), 5000);
    expect(store.get('a')?.accessToken).toBe('abc');
    vi.advanceTimersByTime(1001);
    expect(store.get('a')).toBeUndefined();
    expect(store.get('b')?.accessToken).toBe('other');
    store.delete('b');
    expect(store.get('b')).toBeUndefined();
  });

  it('shows no token when it is printed', () => {
    const store = new MemoryTokenStore();
    store.set('a', stored('very-secret'), 1000);
    expect(inspect(store, { depth: Infinity, showHidden: true }) + JSON.stringify(store)).not.toContain('very-secret');
  });
});

describe('the key', () => {
  it('differs by server, client and scope, and contains none of them', () => {
    const owners = [owner, { ...owner, clientId: 'x' }, { ...owner, tokenUrl: 'https://b' }, { ...owner, scope: 's' }];
    expect(new Set(owners.map(tokenKey)).size).toBe(4);
    expect(tokenKey(owner)).toBe(tokenKey({ ...owner, scope: '' }));
    expect(tokenKey(owner)).toMatch(/^signstash-connect:token:[0-9a-f]{64}$/);
  });

  it('cannot be made equal by moving text from one part to the next', () => {
    const a = tokenKey({ tokenUrl: 'https://a', clientId: 'b","c' });
    expect(a).not.toBe(tokenKey({ tokenUrl: 'https://a', clientId: 'b', scope: 'c' }));
  });
});

describe('a value from a store', () => {
  it('never throws, whatever its shape', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (value) => {
        expect(IssuedToken.fromStore(value)).toBeUndefined();
      }),
    );
  });

  it('is returned as it was stored', () => {
    const visible = fc.string({ unit: fc.constantFrom(...'aZ09-._~+/='), minLength: 1 });
    fc.assert(
      fc.property(visible, fc.nat(), fc.nat(), (accessToken, issuedAt, life) => {
        const token = new IssuedToken({ accessToken, issuedAt, expiresAt: issuedAt + life });
        const back = IssuedToken.fromStore(JSON.parse(JSON.stringify(token.toStored())));
        expect(back?.equals(token)).toBe(true);
        expect(back?.expiresAt).toBe(issuedAt + life);
        expect(back && back.refreshAt <= back.unusableAt && back.unusableAt <= back.expiresAt).toBe(true);
      }),
    );
  });
});

describe('a failing store', () => {
  it('is reported without the token that its error quotes', async () => {
    const warnings: string[] = [];
    const store: TokenStore = {
      get: () => undefined,
      set: (_key, value) => {
        throw new Error(`cannot set ${value.accessToken}`);
      },
    };
    const cache = new TokenCache(store, { owner, onWarning: ({ message }) => warnings.push(message) });
    cache.write(new IssuedToken({ accessToken: 'opaque-token-1', issuedAt: 0, expiresAt: 1 }), 1);
    await settle();
    expect(warnings).toEqual(['The token store could not be written: cannot set [redacted]']);
  });

  it('fails no call, even if the logger throws', async () => {
    const broken = async () => {
      throw new Error('store down');
    };
    const onWarning = () => {
      throw new Error('logger down');
    };
    const cache = new TokenCache({ get: broken, set: broken, delete: broken }, { owner, onWarning });
    expect(await cache.read()).toBeUndefined();
    cache.write(new IssuedToken({ accessToken: 'x', issuedAt: 0, expiresAt: 1 }), 1);
    cache.remove();
    await settle();
  });
});
