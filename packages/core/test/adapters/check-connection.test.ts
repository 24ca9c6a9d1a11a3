import { describe, expect, it } from 'vitest';
import { type CheckConnectionOptions, checkConnection } from '../../src/adapter.ts';
import { httpProbe } from '../../src/adapter-node.ts';
import { onPremise, type SignStashOptions } from '../../src/index.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, impatient, testSandbox } from '../support/sandbox-client.ts';

/** Nothing listens there. */
const deadUrl = 'http://127.0.0.1:9';

async function setUp(clientOptions: Partial<SignStashOptions> = {}) {
  const sandbox = await testSandbox();
  const client = clientOf(sandbox, { retry: { ...impatient, attempts: 1, maxLookupAttempts: 1 }, ...clientOptions });
  const check = (options: CheckConnectionOptions = {}) =>
    checkConnection(client, { probe: httpProbe, apiUrl: sandbox.apiUrl, ...options });
  return { sandbox, client, check };
}

const summary = ({ steps }: Awaited<ReturnType<typeof checkConnection>>) =>
  Object.fromEntries(steps.map(({ step, status }) => [step, status]));

describe('checkConnection', () => {
  it('finds a working connection and signs nothing', async () => {
    const { check, sandbox } = await setUp();
    const report = await check({ proxyUrl: sandbox.proxyUrl });
    expect(summary(report)).toEqual({ token: 'ok', api: 'ok', proxy: 'ok', clock: 'ok', quota: 'unknown' });
    expect(report.ok).toBe(true);
    expect(sandbox.admin.counts()).toMatchObject({ documentsSigned: 0, tokensIssued: 1 });
  });

  it('reports wrong credentials and does not check the API', async () => {
    const { check } = await setUp({ clientSecret: 'wrong' });
    const report = await check({ nameOf: (setting) => `--${setting}` });
    expect(report).toMatchObject({ ok: false, failedStep: 'token' });
    expect(summary(report)).toMatchObject({ token: 'failed', api: 'unknown', quota: 'unknown' });
    expect(report.steps[0]).toMatchObject({
      code: 'CREDENTIALS_REFUSED',
      hint: expect.stringContaining('--clientSecret'),
    });
  });

  it.each([
    ['a refusal', { kind: 'reject', status: 403 }],
    ['an unavailable service', { kind: 'server-error', status: 503 }],
    ['a web page', { kind: 'html', status: 503 }],
  ] as const)('says that the API fails on %s', async (_, fault) => {
    const { check, sandbox } = await setUp();
    sandbox.admin.addFault({ ...fault, endpoint: 'operationId' as never, times: 9 });
    const report = await check();
    expect(report).toMatchObject({ ok: false, failedStep: 'api' });
    expect(summary(report)).toMatchObject({ token: 'ok', api: 'failed' });
    expect(report.steps[1]?.hint).toMatch(/\.$/);
  });

  it('reports that the proxy is unreachable although look-ups work', async () => {
    const { check } = await setUp();
    const report = await check({ proxyUrl: deadUrl });
    expect(report).toMatchObject({ ok: false, failedStep: 'proxy' });
    expect(summary(report)).toMatchObject({ token: 'ok', api: 'ok', proxy: 'failed' });
  });

  it('reports that the proxy was not checked without a probe', async () => {
    const { client, sandbox } = await setUp();
    const report = await checkConnection(client, { proxyUrl: sandbox.proxyUrl });
    expect(summary(report)).toEqual({ token: 'ok', api: 'ok', proxy: 'unknown', clock: 'unknown', quota: 'unknown' });
  });

  it('reports that a proxy alone does not support queries', async () => {
    const sandbox = await testSandbox();
    const { tokenUrl, proxyUrl } = sandbox;
    const environment = onPremise({ proxyUrl, authorizationServer: { tokenUrl } });
    const report = await checkConnection(clientOf(sandbox, { environment }), { proxyUrl, probe: httpProbe });
    expect(summary(report)).toMatchObject({ token: 'unknown', api: 'unknown', proxy: 'ok' });
    expect(report.steps[1]?.detail).toMatch(/does not support queries/);
  });

  it('measures the clock against the server', async () => {
    const { check } = await setUp();
    const report = await check({ now: () => Date.now() + 3_600_000 });
    expect(report).toMatchObject({ ok: false, failedStep: 'clock' });
    expect(report.steps.find(({ step }) => step === 'clock')?.detail).toMatch(/36\d\d|35\d\d/);
    expect(report.steps.find(({ step }) => step === 'clock')?.detail).toContain('ahead of');
  });

  it('reports that the quota is used up', async () => {
    const { check, client, sandbox } = await setUp();
    const { reference } = await client.sign(minimalPdf('a'));
    expect(summary(await check({ recentReference: reference }))).toMatchObject({ quota: 'ok' });
    sandbox.admin.setUsage({ limitUsageCount: 1 });
    const report = await check({ recentReference: reference });
    expect(report).toMatchObject({ ok: false, failedStep: 'quota' });
    expect(report.steps.at(-1)).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  });

  it('throws only when it is cancelled', async () => {
    const { check } = await setUp();
    await expect(check({ signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
  });
});
