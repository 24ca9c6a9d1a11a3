import { request as httpRequest } from 'node:http';
import { describe, expect, test } from 'vitest';
import { connectSandboxAdmin } from '../../src/index.ts';
import { bytesDocument, sandboxForTests, someDocuments, Talk } from './talk.ts';

const sandbox = await sandboxForTests();
const talk = new Talk(sandbox);
const remote = connectSandboxAdmin(sandbox);

describe('over HTTP', () => {
  test('adds and clears faults', async () => {
    await remote.addFault({ kind: 'server-error', endpoint: 'operationId' }, { kind: 'html', endpoint: 'operationId' });
    expect((await talk.lookUp('x')).status).toBe(500);
    await remote.clearFaults();
    expect((await talk.lookUp('x')).status).toBe(404);
    await expect(remote.addFault({ kind: 'explode' } as never)).rejects.toThrow('Unknown kind of fault: explode');
  });

  test('takes a single fault', async () => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${sandbox.adminToken}` };
    const body = '{"kind":"server-error","endpoint":"operationId","status":599}';
    expect((await fetch(`${sandbox.url}/admin/faults`, { method: 'POST', headers, body })).status).toBe(204);
    expect((await talk.lookUp('x')).status).toBe(599);
  });

  test('reports the same counts and requests', async () => {
    await talk.signed(...someDocuments(2));
    expect(await remote.counts()).toEqual(sandbox.admin.counts());
    expect(await remote.requests()).toEqual(sandbox.admin.requests());
  });

  test('changes the quota, expires tokens, and resets', async () => {
    await remote.setUsage({ limitUsageCount: 0 });
    expect((await talk.sign(bytesDocument('none-left'))).status).toBe(403);
    await remote.expireTokens();
    expect((await talk.lookUp('x')).status).toBe(401);
    await remote.reset();
    expect((await new Talk(sandbox).sign(bytesDocument('none-left'))).status).toBe(200);
  });
});

test('reset clears everything except the certificate authority', async () => {
  const before = sandbox.caCertificatePem;
  const first = new Talk(sandbox);
  const { id } = await first.signed(bytesDocument('to-forget'));
  sandbox.admin.addFault({ kind: 'drop' });
  sandbox.admin.reset();
  expect(sandbox.admin.requests()).toEqual([]);
  expect(sandbox.admin.counts()).toEqual({
    tokensIssued: 0,
    tokenRequests: 0,
    requests: { sign: 0, signMultipart: 0, operationId: 0, status: 0, detail: 0, documents: 0, resendMail: 0 },
    documentsSigned: 0,
    signedByReference: {},
    mailsResent: 0,
  });
  expect((await first.lookUp('to-forget')).status).toBe(401);
  const second = new Talk(sandbox);
  expect((await second.lookUp('to-forget')).status).toBe(404);
  expect((await second.call(`api/v0/operation/status/${id}`)).status).toBe(404);
  expect(sandbox.caCertificatePem).toBe(before);
});

test('the log contains what was sent, but no secrets', async () => {
  sandbox.admin.reset();
  const fresh = new Talk(sandbox);
  await fresh.sign(bytesDocument('logged', 'the content'));
  await fetch(`${sandbox.url}/nowhere?token=abc`);
  const log = sandbox.admin.requests();
  expect(log).toMatchObject([
    { endpoint: 'token', method: 'POST', status: 200, contentType: 'application/x-www-form-urlencoded', bytes: 29 },
    { endpoint: 'sign', service: 'saas', status: 200, contentType: 'application/json', faults: [] },
    { method: 'GET', path: '/nowhere', status: 404 },
  ]);
  expect(log[1]!.contentLength).toBe(String(log[1]!.bytes));
  const text = JSON.stringify(log);
  for (const secret of [await fresh.token(), sandbox.clientSecret, 'the content', 'token=abc']) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(secret).toString('base64'));
  }
});

test('no admin API exists on addresses that other machines can reach', async () => {
  const open = await sandboxForTests({ host: '0.0.0.0' });
  const url = open.url.replace('localhost', '127.0.0.1');
  expect((await fetch(`${url}/`)).status).toBe(200);
  expect((await fetch(`${url}/admin/counts`)).status).toBe(404);
});

test('the start page describes the sandbox', async () => {
  const text = await (await fetch(sandbox.url)).text();
  expect(text).toContain('NOT qualified');
});

test('two sandboxes share no state', async () => {
  const other = new Talk(await sandboxForTests());
  await talk.token();
  await new Talk(sandbox).sign(bytesDocument('only-here'));
  expect((await other.lookUp('only-here')).status).toBe(404);
});

describe('requests that a web page or another local program could send are refused', () => {
  /** `fetch` does not let a caller choose Host or Origin. */
  function raw(path: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(`${sandbox.url}${path}`, { method, headers }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      outgoing.on('error', reject).end();
    });
  }
  const { port } = new URL(sandbox.url);
  const authorization = `Bearer ${sandbox.adminToken}`;

  test.each([
    ['POST', '/admin/reset'],
    ['POST', '/admin/expire-tokens'],
    ['POST', '/admin/faults'],
    ['DELETE', '/admin/faults'],
    ['PUT', '/admin/usage'],
    ['GET', '/admin/counts'],
    ['GET', '/admin/requests'],
    ['GET', '/admin/schema-violations'],
  ])('%s %s without the token, or with a wrong one', async (method, path) => {
    const before = sandbox.admin.requests().length;
    expect(await raw(path, {}, method)).toBe(401);
    expect(await raw(path, { authorization: 'Bearer wrong' }, method)).toBe(401);
    expect(sandbox.admin.requests()).toHaveLength(before);
  });

  test.each(['/', '/admin/counts', '/openapi.json', new URL(sandbox.tokenUrl).pathname])(
    '%s with a host name that DNS rebinding could point to this machine',
    async (path) => {
      for (const host of [`attacker.example:${port}`, 'attacker.example', '127.0.0.1.attacker.example']) {
        expect(await raw(path, { host, authorization })).toBe(403);
      }
    },
  );

  test.each(['localhost', '127.0.0.1', '[::1]'])('the loopback name %s is accepted', async (name) => {
    expect(await raw('/admin/counts', { host: `${name}:${port}`, authorization })).toBe(200);
  });

  test('requests with the Origin of another site, with or without the token', async () => {
    for (const origin of ['https://attacker.example', 'null', `http://127.0.0.1:${Number(port) + 1}`]) {
      expect(await raw('/admin/reset', { origin, authorization }, 'POST')).toBe(403);
      expect(await raw(new URL(sandbox.tokenUrl).pathname, { origin }, 'POST')).toBe(403);
    }
    expect(await raw('/admin/counts', { origin: sandbox.url, authorization })).toBe(200);
  });
});

test('every start has its own credentials and admin token', async () => {
  const other = await sandboxForTests();
  for (const secret of ['clientId', 'clientSecret', 'adminToken'] as const) {
    expect(other[secret]).not.toBe(sandbox[secret]);
    expect(other[secret].length).toBeGreaterThan(40);
  }
  expect(other.clientSecret).toMatch(/[+/%=&:]/);
});

describe('without a token', () => {
  test('GET /admin explains itself', async () => {
    const text = await (await fetch(`${sandbox.url}/admin`)).text();
    for (const line of ['POST   /admin/faults', 'Authorization: Bearer', 'POST   /admin/reset'])
      expect(text).toContain(line);
  });

  test('GET /admin/faults lists the kinds with their settings', async () => {
    const kinds = (await (await fetch(`${sandbox.url}/admin/faults`)).json()) as Record<string, { settings: object }>;
    expect(Object.keys(kinds)).toContain('lookup-blind');
    expect(kinds['wrong-content']!.settings).toHaveProperty('as');
  });

  test('no page shows a secret', async () => {
    for (const path of ['/', '/admin', '/admin/faults', '/openapi.json']) {
      const text = await (await fetch(sandbox.url + path)).text();
      for (const secret of [sandbox.clientSecret, sandbox.adminToken, sandbox.clientId])
        expect(text).not.toContain(secret);
    }
  });
});

test('an unknown kind is answered with the list of kinds', async () => {
  await expect(remote.addFault({ kind: 'explode' } as never)).rejects.toThrow(
    /400.*Unknown kind of fault: explode\. Kinds: latency, drop, .*wrong-content/s,
  );
});
