import { describe, expect, test } from 'vitest';
import { basic, requestToken, sandboxForTests, Talk } from './talk.ts';

const sandbox = await sandboxForTests();

describe('token endpoint', () => {
  test('answers like the real one', async () => {
    const response = await requestToken(sandbox);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      access_token: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'bearer',
      expires_in: 86399,
      scope: 'read write',
      jti: expect.any(String),
    });
  });

  test.each([
    ['a wrong secret', () => basic(sandbox.clientId, 'wrong'), 'Bad credentials'],
    ['an unknown alias', () => basic('unknown', sandbox.clientSecret), 'Bad credentials'],
    [
      'form-encoded credentials, which it does not decode',
      () => basic(sandbox.clientId, encodeURIComponent(sandbox.clientSecret)),
      'Bad credentials',
    ],
    ['no credentials', () => '', 'Full authentication is required to access this resource'],
    ['another scheme', () => 'Digest x', 'Full authentication is required to access this resource'],
  ])('refuses %s', async (_name, authorization, description) => {
    const response = await requestToken(sandbox, { authorization: authorization() });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Basic /);
    expect(await response.json()).toEqual({ error: 'unauthorized', error_description: description });
  });

  test.each([
    ['', 'invalid_request', 'Missing grant type'],
    ['grant_type=password', 'unsupported_grant_type', 'Unsupported grant type: password'],
    ['grant_type=client_credentials&scope=admin', 'invalid_scope', 'Invalid scope: admin'],
  ])('refuses the form "%s"', async (body, error, description) => {
    const response = await requestToken(sandbox, { body });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error, error_description: description });
  });

  test('decodes Basic credentials as RFC 6749 says with basicDecoding "rfc6749"', async () => {
    const strict = await sandboxForTests({ basicDecoding: 'rfc6749', clientId: 'id:1', clientSecret: 'a%2Bb c' });
    const encoded = [strict.clientId, strict.clientSecret].map(encodeURIComponent) as [string, string];
    expect((await requestToken(strict, { authorization: basic(...encoded) })).status).toBe(200);
    expect((await requestToken(strict)).status).toBe(401);
  });
});

describe('bearer check', () => {
  test('refuses a token that it did not issue, and quotes it as Spring does', async () => {
    const response = await fetch(`${sandbox.apiUrl}/api/v0/operation/status/1`, {
      headers: { authorization: 'Bearer made.up.token' },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(await response.json()).toEqual({
      error: 'invalid_token',
      error_description: 'Invalid access token: made.up.token',
    });
  });

  test('requires a token', async () => {
    const response = await fetch(`${sandbox.proxyUrl}/api/v0/document/sign/base64/`, { method: 'POST' });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: 'unauthorized' });
  });

  test('refuses expired tokens and accepts new ones', async () => {
    const talk = new Talk(sandbox);
    expect((await talk.lookUp('nothing')).status).toBe(404);
    sandbox.admin.expireTokens();
    const refused = await talk.lookUp('nothing');
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({
      error_description: expect.stringMatching(/^Access token expired: eyJ/),
    });
    expect((await new Talk(sandbox).lookUp('nothing')).status).toBe(404);
  });

  test('lets tokens expire', async () => {
    const short = await sandboxForTests({ tokenLifetimeSeconds: 0.3 });
    const talk = new Talk(short);
    expect((await talk.lookUp('nothing')).status).toBe(404);
    await expect.poll(async () => (await talk.lookUp('nothing')).status, { timeout: 3000 }).toBe(401);
  });
});
