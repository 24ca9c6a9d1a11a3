import type { Sandbox } from '@signstash-connect/sandbox';
import { describe, expect, it } from 'vitest';
import { describeError } from '../../src/adapter.ts';
import { type Environment, onPremise, type SignStashError } from '../../src/index.ts';
import { defaultRetryPolicy, maxAttempts, retryDelay } from '../../src/signing/retry-policy.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, testSandbox } from '../support/sandbox-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { deadUrl } from './support/loopback.ts';

const nameOf = (setting: string) => `SIGNSTASH_${setting.replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`;

/** What signing fails with if one of the addresses is wrong. */
async function failureAt(environment: (sandbox: Sandbox, dead: string) => Environment): Promise<SignStashError> {
  const sandbox = await testSandbox();
  const client = clientOf(sandbox, { environment: environment(sandbox, await deadUrl()), allowInsecureHttp: true });
  return client.sign(minimalPdf('an invoice')).then(
    () => expect.unreachable(),
    (error: SignStashError) => error,
  );
}

describe('an address on which no server listens', () => {
  it('is named with host, port, cause and setting for the token URL', async () => {
    const error = await failureAt(({ apiUrl }, dead) => ({ tokenUrl: `${dead}/token`, apiUrl }));
    expect(error).toMatchObject({ code: 'TOKEN_UNAVAILABLE', neverAnswered: true });
    expect(error.message).toMatch(/127\.0\.0\.1:\d+: no connection could be made: connection refused \(ECONNREFUSED\)/);
    expect(describeError(error, { nameOf }).hint).toContain('SIGNSTASH_TOKEN_URL');
  });

  it('is named with host, port, cause and setting for the API URL', async () => {
    const error = await failureAt(({ tokenUrl }, dead) => ({ tokenUrl, apiUrl: `${dead}/api` }));
    expect(error).toMatchObject({ code: 'NETWORK_UNREACHABLE', neverAnswered: true });
    expect(error.message).toMatch(/127\.0\.0\.1:\d+: no connection could be made: connection refused \(ECONNREFUSED\)/);
    expect(describeError(error, { nameOf }).hint).toContain('SIGNSTASH_API_URL');
  });

  it('is named with host, port, cause and setting for the proxy, and nothing was signed', async () => {
    const error = await failureAt(({ tokenUrl, apiUrl }, dead) =>
      onPremise({ proxyUrl: dead, authorizationServer: { tokenUrl, apiUrl } }),
    );
    expect(error).toMatchObject({ code: 'NETWORK_UNREACHABLE', neverAnswered: true });
    expect(error.message).toMatch(/sign at 127\.0\.0\.1:\d+: no connection could be made: connection refused/);
    expect(describeError(error, { nameOf }).hint).toContain('SIGNSTASH_PROXY_URL');
  });

  it('is named with port 443 and the cause if the host name does not exist', async () => {
    const error = await failureAt(({ apiUrl }) => ({ tokenUrl: 'https://signstash.invalid/token', apiUrl }));
    expect(error.message).toMatch(/signstash\.invalid:443: no connection could be made: the (host name|DNS server)/);
  });

  it('stops a batch, whose further documents are not tried', async () => {
    const sandbox = await testSandbox();
    const environment = { tokenUrl: `${await deadUrl()}/token`, apiUrl: sandbox.apiUrl };
    const documents = Array.from({ length: 12 }, (_, index) => ({
      name: `${index}.pdf`,
      content: minimalPdf(`invoice ${index}`),
    }));
    const batch = clientOf(sandbox, { environment }).signAll(documents, {
      batchSize: 2,
      concurrency: 1,
      outputDirectory: temporaryFolder(),
    });
    const errors = new Set<SignStashError>();
    for await (const result of batch) if (!result.ok) errors.add(result.error);
    expect(batch.summary.stoppedBy?.code).toBe('TOKEN_UNAVAILABLE');
    expect(errors.size).toBe(1);
  });
});

describe('the default retry policy', () => {
  const delays = (error: object) =>
    Array.from({ length: maxAttempts(defaultRetryPolicy, error) - 1 }, (_, index) =>
      retryDelay(defaultRetryPolicy, index + 1),
    ).reduce((sum, delay) => sum + delay, 0);

  it('gives up after at most 3.5 s on a host that has never answered', async () => {
    const error = await failureAt(({ tokenUrl }, dead) => ({ tokenUrl, apiUrl: `${dead}/api` }));
    expect(delays(error)).toBeGreaterThan(1_500);
    expect(delays(error)).toBeLessThanOrEqual(3_500);
  });

  it('keeps trying a host that has answered before', async () => {
    const sandbox = await testSandbox();
    const client = clientOf(sandbox);
    await client.sign(minimalPdf('an invoice'));
    await sandbox.close();
    const error = await client.sign(minimalPdf('another')).catch((problem: SignStashError) => problem);
    expect(error).toMatchObject({ code: 'NETWORK_UNREACHABLE' });
    expect(error).not.toHaveProperty('neverAnswered');
    expect(delays(error)).toBeGreaterThan(7_000);
  });
});
