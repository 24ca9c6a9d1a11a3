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

  test('tells the same counts and requests', async () => {
    await talk.signed(...someDocuments(2));
    expect(await remote.counts()).toEqual(sandbox.admin.counts());
    expect(await remote.requests()).toEqual(sandbox.admin.requests());
  });

  test('changes the quota, ends tokens, resets', async () => {
    await remote.setUsage({ limitUsageCount: 0 });
    expect((await talk.sign(bytesDocument('none-left'))).status).toBe(403);
    await remote.expireTokens();
    expect((await talk.lookUp('x')).status).toBe(401);
    await remote.reset();
    expect((await new Talk(sandbox).sign(bytesDocument('none-left'))).status).toBe(200);
  });
});

test('reset forgets all but the certificate authority', async () => {
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

test('the log tells what was sent, never secrets', async () => {
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

test('there is no admin API where others could reach it', async () => {
  const open = await sandboxForTests({ host: '0.0.0.0' });
  const url = open.url.replace('localhost', '127.0.0.1');
  expect((await fetch(`${url}/`)).status).toBe(200);
  expect((await fetch(`${url}/admin/counts`)).status).toBe(404);
});

test('a page tells what runs here', async () => {
  const text = await (await fetch(sandbox.url)).text();
  expect(text).toContain('NOT qualified');
});

test('two sandboxes do not know of each other', async () => {
  const other = new Talk(await sandboxForTests());
  await talk.token();
  await new Talk(sandbox).sign(bytesDocument('only-here'));
  expect((await other.lookUp('only-here')).status).toBe(404);
});
