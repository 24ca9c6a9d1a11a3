import { describe, expect, test } from 'vitest';
import { environmentVariables } from '../src/adapter-node.ts';
import { optionsFromEnv, SignStash } from '../src/index.ts';

const credentials = { SIGNSTASH_CLIENT_ID: 'id', SIGNSTASH_CLIENT_SECRET: 'secret' };

describe('environment variables', () => {
  test.each([
    [{ SIGNSTASH_ENVIRONMENT: 'staging' }, 'staging'],
    [
      { SIGNSTASH_TOKEN_URL: 'https://t', SIGNSTASH_API_URL: 'https://a' },
      { tokenUrl: 'https://t', apiUrl: 'https://a' },
    ],
    [
      { SIGNSTASH_ENVIRONMENT: 'production', SIGNSTASH_PROXY_URL: 'https://p' },
      { proxyUrl: 'https://p', authorizationServer: 'production' },
    ],
    [
      { SIGNSTASH_TOKEN_URL: 'https://t', SIGNSTASH_PROXY_URL: 'https://p' },
      { proxyUrl: 'https://p', authorizationServer: { tokenUrl: 'https://t' } },
    ],
  ])('%j', (variables, environment) => {
    const options = optionsFromEnv({ ...credentials, ...variables });
    expect(options).toEqual({ environment, clientId: 'id', clientSecret: 'secret' });
    expect(() => new SignStash(options)).not.toThrow();
  });

  test('the remaining two settings are read', () => {
    const more = { SIGNSTASH_CREDENTIALS_ENCODING: 'rfc6749', SIGNSTASH_ALLOW_INSECURE_HTTP: 'true' };
    expect(optionsFromEnv({ ...credentials, SIGNSTASH_ENVIRONMENT: 'staging', ...more })).toMatchObject({
      credentialsEncoding: 'rfc6749',
      allowInsecureHttp: true,
    });
  });

  test('whether look-ups find documents of the proxy', () => {
    const proxied = { SIGNSTASH_ENVIRONMENT: 'staging', SIGNSTASH_PROXY_URL: 'https://p' };
    expect(
      optionsFromEnv({ ...credentials, ...proxied, SIGNSTASH_SAAS_SEES_PROXY_DOCUMENTS: 'true' }).environment,
    ).toEqual({ proxyUrl: 'https://p', authorizationServer: 'staging', saasSeesProxyDocuments: true });
  });

  test.each([
    [
      'CONFIGURATION_INVALID',
      'SIGNSTASH_SAAS_SEES_PROXY_DOCUMENTS',
      { SIGNSTASH_ENVIRONMENT: 'staging', SIGNSTASH_SAAS_SEES_PROXY_DOCUMENTS: 'true' },
    ],
    ['CONFIGURATION_MISSING', 'SIGNSTASH_ENVIRONMENT', {}],
    ['CONFIGURATION_MISSING', 'SIGNSTASH_API_URL', { SIGNSTASH_TOKEN_URL: 'https://t' }],
    ['CONFIGURATION_MISSING', 'SIGNSTASH_TOKEN_URL', { SIGNSTASH_PROXY_URL: 'https://p' }],
    [
      'CONFIGURATION_MISSING',
      'SIGNSTASH_CLIENT_SECRET',
      { SIGNSTASH_ENVIRONMENT: 'staging', SIGNSTASH_CLIENT_SECRET: ' ' },
    ],
    [
      'CONFIGURATION_INVALID',
      'SIGNSTASH_ENVIRONMENT',
      { SIGNSTASH_ENVIRONMENT: 'staging', SIGNSTASH_TOKEN_URL: 'https://t' },
    ],
    [
      'CONFIGURATION_INVALID',
      'SIGNSTASH_CREDENTIALS_ENCODING',
      { SIGNSTASH_ENVIRONMENT: 'staging', SIGNSTASH_CREDENTIALS_ENCODING: 'base64' },
    ],
    [
      'CONFIGURATION_INVALID',
      'SIGNSTASH_ALLOW_INSECURE_HTTP',
      { SIGNSTASH_ENVIRONMENT: 'staging', SIGNSTASH_ALLOW_INSECURE_HTTP: 'yes' },
    ],
  ])('%s names %s', (code, setting, variables) => {
    expect(() => optionsFromEnv({ ...credentials, ...variables })).toThrow(expect.objectContaining({ code, setting }));
  });

  test('every documented variable is read', () => {
    const asked = new Set<string>();
    const env = new Proxy(
      { ...credentials, SIGNSTASH_TOKEN_URL: 'https://t', SIGNSTASH_PROXY_URL: 'https://p' } as Record<string, string>,
      {
        get: (target, name: string) => {
          asked.add(name);
          return target[name];
        },
      },
    );
    optionsFromEnv(env);
    expect([...asked].sort()).toEqual(Object.keys(environmentVariables).sort());
  });
});
