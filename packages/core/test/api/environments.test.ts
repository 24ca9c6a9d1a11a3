import { describe, expect, test } from 'vitest';
import { type Environment, onPremise, resolveEnvironment } from '../../src/api/environments.ts';

const failure = (environment: unknown) => {
  try {
    resolveEnvironment(environment as Environment);
  } catch (error) {
    return error as { code: string; setting: string; message: string };
  }
  throw new Error('nothing was thrown');
};

describe('named environments', () => {
  test.each([
    ['staging', 'https://staging.must.digital/'],
    ['production', 'https://msignstash.multicert.com/'],
  ] as const)('%s has the documented addresses', (name, host) => {
    expect(resolveEnvironment(name)).toEqual({
      tokenUrl: `${host}oauth2/authorization-server/oauth/token`,
      signUrl: `${host}signstash/einvoice-integration-ws`,
      queryUrl: `${host}signstash/einvoice-integration-ws`,
      viaProxy: false,
    });
  });

  test('an unknown name is refused with the names that exist', () => {
    expect(failure('prod')).toMatchObject({ code: 'CONFIGURATION_INVALID', setting: 'environment' });
    expect(failure('prod').message).toContain('staging, production');
    expect(failure('toString').code).toBe('CONFIGURATION_INVALID');
  });
});

describe('on-premise', () => {
  test('a bare host gets the documented path, and queries go to the SaaS', () => {
    const found = resolveEnvironment(
      onPremise({ proxyUrl: 'https://proxy.intranet:8443', authorizationServer: 'staging' }),
    );
    expect(found).toMatchObject({
      signUrl: 'https://proxy.intranet:8443/signstash/einvoice-integration-client-ws',
      queryUrl: 'https://staging.must.digital/signstash/einvoice-integration-ws',
      viaProxy: true,
    });
  });

  test('a whole base address is kept', () => {
    const proxyUrl = 'https://proxy/signstash/einvoice-integration-ws/';
    const { signUrl } = resolveEnvironment(onPremise({ proxyUrl, authorizationServer: 'production' }));
    expect(signUrl).toBe('https://proxy/signstash/einvoice-integration-ws');
  });

  test('with a token URL alone, nothing can be looked up', () => {
    const authorizationServer = { tokenUrl: 'https://login.example/oauth/token' };
    const found = resolveEnvironment(onPremise({ proxyUrl: 'https://proxy', authorizationServer }));
    expect(found).not.toHaveProperty('queryUrl');
  });
});

describe('explicit addresses', () => {
  test('trailing and double slashes are removed', () => {
    const found = resolveEnvironment({ tokenUrl: 'https://a//oauth//token/', apiUrl: 'https://a//signstash//ws//' });
    expect(found).toMatchObject({ tokenUrl: 'https://a/oauth/token', signUrl: 'https://a/signstash/ws' });
  });

  test.each(['http://127.0.0.1:8700/x', 'http://localhost:1/x', 'http://[::1]:1/x'])('%s may be plain http', (url) => {
    expect(resolveEnvironment({ tokenUrl: url, apiUrl: url }).tokenUrl).toBe(url);
  });

  test('plain http beyond loopback needs permission, and the error names the setting', () => {
    const urls = { tokenUrl: 'http://login.intranet/token', apiUrl: 'https://api' };
    expect(failure(urls)).toMatchObject({ code: 'INSECURE_URL', setting: 'tokenUrl' });
    expect(resolveEnvironment(urls, { allowInsecureHttp: true }).tokenUrl).toBe('http://login.intranet/token');
    expect(failure({ ...urls, tokenUrl: 'http://127.0.0.1.example.com/' }).code).toBe('INSECURE_URL');
  });

  test.each([
    [{ tokenUrl: '', apiUrl: 'https://a' }, 'CONFIGURATION_MISSING', 'tokenUrl'],
    [{ tokenUrl: 'ftp://a', apiUrl: 'https://a' }, 'CONFIGURATION_INVALID', 'tokenUrl'],
    [{ tokenUrl: 'https://a', apiUrl: 'nonsense' }, 'CONFIGURATION_INVALID', 'apiUrl'],
    [{ tokenUrl: 'https://id:pass@a', apiUrl: 'https://a' }, 'CONFIGURATION_INVALID', 'tokenUrl'],
  ])('%j is refused', (environment, code, setting) => {
    expect(failure(environment)).toMatchObject({ code, setting });
    expect(failure(environment).message).not.toContain('pass@');
  });
});
