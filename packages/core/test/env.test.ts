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

  test.each([
    [{ SIGNSTASH_AUTHORIZATION_SERVER: 'production' }, 'production'],
    [{ SIGNSTASH_TOKEN_URL: 'https://t' }, { tokenUrl: 'https://t' }],
    [
      { SIGNSTASH_TOKEN_URL: 'https://t', SIGNSTASH_API_URL: 'https://a' },
      { tokenUrl: 'https://t', apiUrl: 'https://a' },
    ],
  ])('SIGNSTASH_ENVIRONMENT=on-premise with %j', (variables, authorizationServer) => {
    const options = optionsFromEnv({
      ...credentials,
      SIGNSTASH_ENVIRONMENT: 'on-premise',
      SIGNSTASH_PROXY_URL: 'https://p',
      ...variables,
    });
    expect(options.environment).toEqual({ proxyUrl: 'https://p', authorizationServer });
    expect(() => new SignStash(options)).not.toThrow();
  });

  test.each([
    [{ SIGNSTASH_TOKEN_URL: 'https://t' }, 'SIGNSTASH_PROXY_URL is not set.'],
    [
      { SIGNSTASH_PROXY_URL: 'https://p' },
      'SIGNSTASH_TOKEN_URL is not set: the proxy issues no tokens, so name the service that does by SIGNSTASH_AUTHORIZATION_SERVER or SIGNSTASH_TOKEN_URL.',
    ],
    [
      { SIGNSTASH_PROXY_URL: 'https://p', SIGNSTASH_AUTHORIZATION_SERVER: 'test' },
      'Invalid SIGNSTASH_AUTHORIZATION_SERVER "test": expected staging or production.',
    ],
    [
      { SIGNSTASH_PROXY_URL: 'https://p', SIGNSTASH_AUTHORIZATION_SERVER: 'staging', SIGNSTASH_TOKEN_URL: 'https://t' },
      'SIGNSTASH_AUTHORIZATION_SERVER (staging) and SIGNSTASH_TOKEN_URL are both set: use one of them.',
    ],
    [
      { SIGNSTASH_PROXY_URL: 'http://proxy.intranet', SIGNSTASH_AUTHORIZATION_SERVER: 'staging' },
      /^SIGNSTASH_PROXY_URL is plain http \(proxy\.intranet\)/,
    ],
  ])('SIGNSTASH_ENVIRONMENT=on-premise with %j names the variable to change', (variables, message) => {
    const env = { ...credentials, SIGNSTASH_ENVIRONMENT: 'on-premise', ...variables };
    expect(() => optionsFromEnv(env)).toThrow(message);
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
