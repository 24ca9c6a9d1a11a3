import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { StoredToken } from '../../src/adapter-node.ts';
import { createSignStash, type TokenStore } from '../../src/index.ts';
import { clientOf, testSandbox } from '../support/sandbox-client.ts';

/** A store as slow as one across a network, which no two clients can write to in one step. */
function networkStore(): TokenStore {
  const entries = new Map<string, StoredToken>();
  const travel = () => sleep(Math.random() * 15);
  return {
    get: async (key) => {
      await travel();
      return entries.get(key);
    },
    set: async (key, value) => {
      await travel();
      entries.set(key, value);
    },
    delete: async (key) => {
      await travel();
      entries.delete(key);
    },
  };
}

describe('clients that share a token store', () => {
  test('request one token in total, although they start at once', async () => {
    const sandbox = await testSandbox();
    const tokenStore = networkStore();
    const clients = Array.from({ length: 8 }, () => clientOf(sandbox, { tokenStore }));
    await Promise.all(
      clients.flatMap((client) => Array.from({ length: 20 }, () => client.operations.idByReference('x'))),
    );
    expect(sandbox.admin.counts().tokenRequests).toBe(1);
  });

  test('renew a refused token once in total', async () => {
    const sandbox = await testSandbox();
    const tokenStore = networkStore();
    const clients = Array.from({ length: 4 }, () => clientOf(sandbox, { tokenStore }));
    const ask = () => Promise.all(clients.map((client) => client.operations.idByReference('x')));
    await ask();
    sandbox.admin.expireTokens();
    await ask();
    expect(sandbox.admin.counts().tokenRequests).toBe(2);
  });

  test('do not wait for a client whose token was refused', async () => {
    const sandbox = await testSandbox();
    const tokenStore = networkStore();
    const { tokenUrl, apiUrl, clientId } = sandbox;
    const wrong = createSignStash({ environment: { tokenUrl, apiUrl }, clientId, clientSecret: 'wrong', tokenStore });
    await expect(wrong.operations.idByReference('x')).rejects.toMatchObject({ code: 'CREDENTIALS_REFUSED' });
    await sleep(50);
    const started = performance.now();
    await clientOf(sandbox, { tokenStore }).operations.idByReference('x');
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  test('are not delayed by a store that silently keeps nothing, like Keyv when its Redis is unreachable', async () => {
    const sandbox = await testSandbox();
    const tokenStore: TokenStore = { get: async () => undefined, set: async () => false, delete: async () => false };
    const started = performance.now();
    await clientOf(sandbox, { tokenStore }).operations.idByReference('x');
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});
