import type { Fault } from '@signstash-connect/sandbox';
import { describe, expect, test } from 'vitest';
import { onPremise } from '../../src/index.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, impatient, testSandbox } from '../support/sandbox-client.ts';

const documents = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ content: minimalPdf(`Fatura ${index}`), reference: `ref-${index}` }));

const signedOnce = (count: number) => Object.fromEntries(documents(count).map(({ reference }) => [reference, 1]));

/** The worst a service could do with a repeated reference: sign it, and charge it, again. */
const worst = { duplicateReferences: 'sign-again' } as const;

describe('a lost answer', () => {
  const sign = { endpoint: 'sign' } as const;
  test.each<[string, Fault]>([
    ['connection dropped before anything was read', { kind: 'drop', phase: 'before', ...sign }],
    ['connection dropped while the service is working', { kind: 'drop', phase: 'processing', ...sign }],
    ['connection dropped after signing', { kind: 'drop', phase: 'after', ...sign }],
    ['500 before signing', { kind: 'server-error', phase: 'before', ...sign }],
    ['502 while the service is working', { kind: 'server-error', status: 502, phase: 'processing', ...sign }],
    ['500 after signing', { kind: 'server-error', phase: 'after', ...sign }],
    ['half an answer', { kind: 'truncate', ...sign }],
    ['a web page after signing', { kind: 'html', phase: 'after', status: 200, ...sign }],
    ['an empty answer', { kind: 'empty', ...sign }],
    ['429', { kind: 'rate-limit', retryAfterSeconds: 0, ...sign }],
    ['503 with Retry-After', { kind: 'server-error', status: 503, retryAfterSeconds: 0, ...sign }],
    ['a refused token', { kind: 'unauthorized', ...sign }],
    ['an operation that is still pending', { kind: 'pending', pollsUntilExecuted: 2, ...sign }],
    ['an operation that the server will try again', { kind: 'execution-error', pollsUntilExecuted: 2, ...sign }],
  ])('%s: every document is signed once', async (_, fault) => {
    const sandbox = await testSandbox(worst);
    sandbox.admin.addFault(fault);
    const results = await clientOf(sandbox, { lookUpFirst: false }).signMany(documents(5));
    expect(results.map((result) => result.ok || result.error)).toEqual(Array(5).fill(true));
    expect(sandbox.admin.counts().signedByReference).toEqual(signedOnce(5));
  });

  test('every document is signed once after a timeout while the service is still signing', async () => {
    const sandbox = await testSandbox(worst);
    sandbox.admin.addFault({ kind: 'latency', phase: 'processing', delayMs: 600, ...sign });
    const results = await clientOf(sandbox, { timeouts: { signMs: 250 } }).signMany(documents(3));
    expect(results.map((result) => result.ok && result.recovered)).toEqual([true, true, true]);
    expect(sandbox.admin.counts()).toMatchObject({ signedByReference: signedOnce(3), requests: { sign: 1 } });
  });

  test('look-ups are repeated if they fail as well', async () => {
    const sandbox = await testSandbox(worst);
    sandbox.admin.addFault(
      { kind: 'drop', phase: 'after', ...sign },
      { kind: 'server-error', endpoint: 'operationId', times: 2 },
      { kind: 'html', endpoint: 'status' },
      { kind: 'truncate', endpoint: 'detail' },
      { kind: 'drop', endpoint: 'detail' },
    );
    const results = await clientOf(sandbox, { lookUpFirst: false }).signMany(documents(3));
    expect(results.map((result) => result.ok && result.recovered)).toEqual([true, true, true]);
    expect(sandbox.admin.counts().signedByReference).toEqual(signedOnce(3));
  });

  test('without any answer, the references in doubt are listed and nothing is sent again', async () => {
    const sandbox = await testSandbox(worst);
    sandbox.admin.addFault(
      { kind: 'drop', phase: 'after', ...sign },
      { kind: 'drop', endpoint: 'operationId', times: 100 },
    );
    const results = await clientOf(sandbox, { lookUpFirst: false }).signMany(documents(2));
    expect(results.map((result) => !result.ok && [result.error.code, result.error.references])).toEqual([
      ['OUTCOME_UNKNOWN', ['ref-0']],
      ['OUTCOME_UNKNOWN', ['ref-1']],
    ]);
    expect(sandbox.admin.counts().requests.sign).toBe(1);
  });
});

describe('a partly known request', () => {
  test('only what the service does not know is sent', async () => {
    const sandbox = await testSandbox(worst);
    await clientOf(sandbox).signMany(documents(2));
    const results = await clientOf(sandbox).signMany(documents(4));
    expect(results.map((result) => result.ok && result.recovered)).toEqual([true, true, false, false]);
    expect(sandbox.admin.counts()).toMatchObject({ signedByReference: signedOnce(4), requests: { sign: 2 } });
  });

  test('if the service refuses repeated references, they are looked up and the rest is sent', async () => {
    const sandbox = await testSandbox({ duplicateReferences: 'refuse' });
    const signstash = clientOf(sandbox, { lookUpFirst: false });
    await signstash.signMany(documents(2));
    const results = await signstash.signMany(documents(4));
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    expect(sandbox.admin.counts().signedByReference).toEqual(signedOnce(4));
  });

  test('a document that failed in an earlier run stays failed, and the hint says how to sign it again', async () => {
    const sandbox = await testSandbox(worst);
    sandbox.admin.addFault({ kind: 'execution-failed', endpoint: 'sign' });
    const [failed] = await clientOf(sandbox).signMany(documents(1));
    expect(failed).toMatchObject({
      ok: false,
      error: { code: 'DOCUMENT_FAILED', signError: 'SIGN_OPERATION_INTERNAL_ERROR' },
    });
    const [again] = await clientOf(sandbox).signMany(documents(1));
    expect(again).toMatchObject({
      ok: false,
      error: {
        code: 'DOCUMENT_FAILED',
        operationId: expect.stringMatching(/^\d+$/),
        message: expect.stringContaining('from an earlier request'),
        hint: expect.stringContaining('new reference or key'),
      },
    });
    expect(sandbox.admin.counts().requests.sign).toBe(1);
    const [onPurpose] = await clientOf(sandbox).signMany([{ content: minimalPdf('Fatura 0'), reference: 'ref-0.2' }]);
    expect(onPurpose).toMatchObject({ ok: true });
  });

  test('a pending operation is reported as such after all attempts, with its id', async () => {
    const sandbox = await testSandbox(worst);
    sandbox.admin.addFault({ kind: 'pending', endpoint: 'sign', pollsUntilExecuted: 1000 });
    const [result] = await clientOf(sandbox, { retry: { ...impatient, pendingMs: 60 } }).signMany(documents(1));
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'DOCUMENT_PENDING', operationId: expect.stringMatching(/^\d+$/) },
    });
    expect(sandbox.admin.counts().requests.sign).toBe(1);
  });
});

describe('final refusals', () => {
  test('bad credentials are tried once, and the error names both settings', async () => {
    const sandbox = await testSandbox();
    const failing = clientOf(sandbox, { clientSecret: 'wrong-secret-value' }).sign(minimalPdf());
    await expect(failing).rejects.toMatchObject({
      code: 'CREDENTIALS_REFUSED',
      settings: ['clientId', 'clientSecret'],
    });
    await expect(failing).rejects.not.toThrow(/wrong-secret-value/);
    expect(sandbox.admin.counts()).toMatchObject({ tokenRequests: 1, requests: { sign: 0 } });
  });

  test('a used up quota is not tried again', async () => {
    const sandbox = await testSandbox({ limitUsageCount: 1 });
    const signstash = clientOf(sandbox);
    await signstash.sign(minimalPdf('1'));
    await expect(signstash.sign(minimalPdf('2'))).rejects.toMatchObject({
      name: 'QuotaExceededError',
      code: 'QUOTA_EXCEEDED',
    });
    expect(sandbox.admin.counts().requests.sign).toBe(2);
  });

  test('an abort ends the call at once', async () => {
    const sandbox = await testSandbox();
    sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 5_000 });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    await expect(clientOf(sandbox).sign(minimalPdf(), { signal: stop.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });
});

describe('through the on-premise proxy', () => {
  const proxied = (
    sandbox: Awaited<ReturnType<typeof testSandbox>>,
    saas: boolean,
    settings: { saasSeesProxyDocuments?: boolean } = {},
  ) => {
    const { proxyUrl, tokenUrl, apiUrl } = sandbox;
    const authorizationServer = saas ? { tokenUrl, apiUrl } : { tokenUrl };
    const environment = onPremise({ proxyUrl, authorizationServer, ...settings });
    return clientOf(sandbox, { environment });
  };

  test('documents are signed by the proxy, queries go to the SaaS', async () => {
    const sandbox = await testSandbox();
    const results = await proxied(sandbox, true).signMany(documents(3));
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(
      sandbox.admin
        .requests()
        .filter(({ endpoint }) => endpoint === 'sign')
        .map(({ service }) => service),
    ).toEqual(['proxy']);
  });

  test('after a lost answer, with the SaaS configured, the state is known and the content is reported as unavailable', async () => {
    const sandbox = await testSandbox(worst);
    sandbox.admin.addFault({ kind: 'drop', phase: 'after', endpoint: 'sign', service: 'proxy' });
    const [result] = await proxied(sandbox, true).signMany(documents(1));
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'CONTENT_UNAVAILABLE', references: ['ref-0'], operationId: expect.any(String) },
    });
    expect(sandbox.admin.counts().signedByReference).toEqual(signedOnce(1));
  });

  test('after a lost answer, "not found" at the SaaS leaves the outcome unknown: nothing is sent again', async () => {
    const sandbox = await testSandbox(worst);
    sandbox.admin.addFault({ kind: 'drop', phase: 'before', endpoint: 'sign', service: 'proxy' });
    const [result] = await proxied(sandbox, true).signMany(documents(1));
    expect(result).toMatchObject({ ok: false, error: { code: 'OUTCOME_UNKNOWN', references: ['ref-0'] } });
    expect(sandbox.admin.counts().requests.sign).toBe(1);
  });

  test('a request lost before signing is sent again if saasSeesProxyDocuments is set', async () => {
    const sandbox = await testSandbox(worst);
    sandbox.admin.addFault({ kind: 'drop', phase: 'before', endpoint: 'sign', service: 'proxy' });
    const [result] = await proxied(sandbox, true, { saasSeesProxyDocuments: true }).signMany(documents(1));
    expect(result?.ok).toBe(true);
    expect(sandbox.admin.counts().signedByReference).toEqual(signedOnce(1));
  });

  test('after a lost answer, without the SaaS, exactly the references in doubt are reported, and no second request is sent', async () => {
    const sandbox = await testSandbox(worst);
    sandbox.admin.addFault({ kind: 'drop', phase: 'after', endpoint: 'sign', service: 'proxy' });
    const results = await proxied(sandbox, false).signMany(documents(2));
    expect(results.map((result) => !result.ok && result.error)).toMatchObject(
      Array(2).fill({ name: 'OutcomeUnknownError', code: 'OUTCOME_UNKNOWN', references: ['ref-0', 'ref-1'] }),
    );
    expect(sandbox.admin.counts().requests.sign).toBe(1);
  });
});
