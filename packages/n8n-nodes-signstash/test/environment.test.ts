import type { SettingValues } from '@signstash-connect/core/adapter';
import { onPremise, resolveEnvironment } from '@signstash-connect/core/client';
import { describe, expect, it } from 'vitest';
import { SignStashOAuth2Api } from '../credentials/SignStashOAuth2Api.credentials.ts';
import { getEndpoints } from '../nodes/SignStash/transport/client.ts';

const own = {
  tokenUrl: 'https://sign.example.com/oauth/token',
  apiUrl: 'https://sign.example.com/einvoice-integration-ws',
};
const proxyUrl = 'https://proxy.example.com';

/** What n8n makes of an expression: it may use the credential's fields and nothing else. */
function evaluate(expression: string | undefined, name: '$self' | '$credentials', fields: SettingValues): unknown {
  const code = /^=\{\{(.+)\}\}$/s.exec(expression ?? '')?.[1];
  return new Function(name, `return ${code}`)(fields);
}

const credential = new SignStashOAuth2Api();
const tokenUrl = (fields: SettingValues) => {
  const property = credential.properties.find(({ name }) => name === 'accessTokenUrl');
  return evaluate(property?.default as string, '$self', fields);
};
const testUrl = (fields: SettingValues) => evaluate(credential.test.request.baseURL, '$credentials', fields);

const cases: [string, SettingValues, ReturnType<typeof resolveEnvironment>][] = [
  ['staging', { environment: 'staging' }, resolveEnvironment('staging')],
  ['production', { environment: 'production' }, resolveEnvironment('production')],
  [
    'a proxy before production',
    { environment: 'on-premise', authorizationServer: 'production', proxyUrl },
    resolveEnvironment(onPremise({ proxyUrl, authorizationServer: 'production' })),
  ],
  [
    'a proxy before staging',
    { environment: 'on-premise', authorizationServer: 'staging', proxyUrl },
    resolveEnvironment(onPremise({ proxyUrl, authorizationServer: 'staging' })),
  ],
  ['addresses of one’s own', { environment: 'custom', ...own, proxyUrl: '' }, resolveEnvironment(own)],
  [
    'addresses with blanks and slashes about them',
    { environment: 'custom', tokenUrl: ` ${own.tokenUrl}/ `, apiUrl: `${own.apiUrl}/` },
    resolveEnvironment(own),
  ],
  [
    'a proxy before addresses of one’s own',
    { environment: 'custom', ...own, proxyUrl },
    resolveEnvironment(onPremise({ proxyUrl, authorizationServer: own })),
  ],
];

describe('addresses', () => {
  it.each(cases)('are core’s in the node, in the token call and in the connection test: %s', (_, fields, endpoints) => {
    expect(getEndpoints(fields)).toEqual(endpoints);
    expect(tokenUrl(fields)).toBe(endpoints.tokenUrl);
    expect(testUrl(fields)).toBe(endpoints.queryUrl);
  });

  it('may be plain http only where that is allowed', () => {
    const fields: SettingValues = { environment: 'on-premise', proxyUrl: 'http://signstash.intranet:8080' };
    expect(() => getEndpoints(fields)).toThrow(/plain http/);
    expect(getEndpoints({ ...fields, allowInsecureHttp: true }).signUrl).toMatch(/^http:\/\/signstash.intranet:8080\//);
  });

  it('say whether look-ups find documents of the proxy, which the service alone does not need', () => {
    const fields: SettingValues = { environment: 'on-premise', proxyUrl, saasSeesProxyDocuments: true };
    expect(getEndpoints(fields).saasSeesProxyDocuments).toBe(true);
    expect(getEndpoints({ ...fields, environment: 'custom', ...own }).saasSeesProxyDocuments).toBe(true);
    // The editor keeps the value of a hidden field.
    expect(getEndpoints({ ...fields, environment: 'production' }).saasSeesProxyDocuments).toBeUndefined();
  });

  it('are asked for by name where one is missing', () => {
    expect(() => getEndpoints({ environment: 'custom', tokenUrl: own.tokenUrl })).toThrow(/^API URL is not set/);
    expect(() => getEndpoints({ environment: 'on-premise' })).toThrow(/^Proxy URL is not set/);
  });
});
