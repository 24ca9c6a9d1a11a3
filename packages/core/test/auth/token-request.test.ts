import { describe, expect, it } from 'vitest';
import { TokenRequest, type TokenRequestOptions } from '../../src/auth/token-request.ts';
import { lifeWithoutExpiresInSeconds } from '../../src/auth/token-response.ts';
import { AbortedError, CredentialsError, type SignStashError, TokenError } from '../../src/errors/errors.ts';
import { kyFetch } from '../../src/http/ky-transport.ts';
import { answer, badCredentials, deadUrl, recorder, serveRaw, tokenBody } from '../http/support/loopback.ts';
import { FakeClock, secretOf } from './support.ts';

const clientId = 'PRT.507-PRT.507-a1';
const clientSecret = 's%41cret+ <&> value';

function request(url: string, options: Partial<TokenRequestOptions> = {}) {
  const clock = new FakeClock();
  const tokenUrl = `${url}/oauth2/authorization-server/oauth/token`;
  return {
    clock,
    request: new TokenRequest({ tokenUrl, clientId, clientSecret, fetch: kyFetch(), clock, ...options }),
  };
}

const failure = (promise: Promise<unknown>): Promise<SignStashError> =>
  promise.then(
    () => Promise.reject(new Error('It should have failed.')),
    (error: SignStashError) => error,
  );

describe('the request', () => {
  it('is the documented one', async () => {
    const { url, seen } = await recorder((response) => answer(response, 200, tokenBody('tok')));
    const { request: tokens, clock } = request(url);
    const token = await tokens.issue();
    expect(secretOf(token)).toBe('tok');
    expect(token.expiresAt).toBe(clock.time + 86_399_000);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      method: 'POST',
      path: '/oauth2/authorization-server/oauth/token',
      body: 'grant_type=client_credentials',
    });
    expect(seen[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      'content-type': expect.stringMatching(/^application\/x-www-form-urlencoded/),
      'content-length': '29',
      accept: 'application/json',
      'user-agent': expect.stringMatching(/^signstash-connect\//),
    });
    expect(seen[0]?.headers['transfer-encoding']).toBeUndefined();
  });

  it('contains the scope if one is set', async () => {
    const { url, seen } = await recorder((response) => answer(response, 200, tokenBody('tok')));
    await request(url, { scope: 'read write' }).request.issue();
    expect(new URLSearchParams(seen[0]?.body).get('scope')).toBe('read write');
  });

  it('uses a token without expires_in for a short time', async () => {
    const { expires_in: _, ...body } = tokenBody('tok');
    const { url } = await recorder((response) => answer(response, 200, body));
    const { request: tokens, clock } = request(url);
    expect((await tokens.issue()).expiresAt).toBe(clock.time + lifeWithoutExpiresInSeconds * 1000);
  });

  it.each(['application/json;charset=UTF-8', 'text/plain', ''])('accepts JSON sent as "%s"', async (type) => {
    const { url } = await recorder((response) => answer(response, 200, tokenBody('tok'), { 'content-type': type }));
    expect(secretOf(await request(url).request.issue())).toBe('tok');
  });
});

describe('a deviation from OAuth 2', () => {
  it.each([
    ['nulls', { refresh_token: null, scope: null, jti: null }],
    ['a list of scopes', { scope: ['read', 'write'] }],
    ['no token type', { token_type: undefined }],
    ['a token type of null', { token_type: null }],
    ['a token type in capitals', { token_type: 'BEARER' }],
    ['a life as text', { expires_in: '86399' }],
  ])('is accepted: %s', async (_, odd) => {
    const { url } = await recorder((response) => answer(response, 200, { ...tokenBody('tok'), ...odd }));
    const { request: tokens, clock } = request(url);
    const token = await tokens.issue();
    expect(secretOf(token)).toBe('tok');
    expect(token.expiresAt).toBe(clock.time + 86_399_000);
  });

  it('does not include another token type, a missing token or a list', async () => {
    for (const body of [{ ...tokenBody('tok'), token_type: 'mac' }, { ...tokenBody('tok'), access_token: null }, []]) {
      const { url } = await recorder((response) => answer(response, 200, body));
      expect(await failure(request(url).request.issue())).toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    }
  });
});

describe('refused credentials', () => {
  const page = `<html><style>b{}</style><body><h1>Access denied</h1>${clientSecret}</body></html>`;

  it.each<[string, number, unknown, RegExp]>([
    ['401 of Spring', 401, badCredentials, /401 unauthorized: Bad credentials/],
    ['401 invalid_client', 401, { error: 'invalid_client' }, /401 invalid_client/],
    ['400', 400, { error: 'invalid_client', error_description: `wrong: ${clientSecret}` }, /wrong: \[redacted\]/],
    ['401 with a page', 401, page, /a page saying "Access denied \[redacted\]"/],
    ['401 with nothing', 401, '', /\(401\)/],
    ['403 that speaks OAuth', 403, { error: 'access_denied' }, /403 access_denied/],
  ])('are reported at once and never sent again: %s', async (_, status, body, says) => {
    const { url, seen } = await recorder((response) => answer(response, status, body));
    const { request: tokens, clock } = request(url);
    const error = await failure(tokens.issue());
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({ code: 'CREDENTIALS_REFUSED', retryable: false, status });
    expect(error.message).toMatch(says);
    expect(error.message).toContain('clientId and clientSecret');
    expect(error.message).not.toContain(clientSecret);
    expect(seen).toHaveLength(1);
    expect(clock.slept).toEqual([]);
  });

  it('name the scope if the scope is refused', async () => {
    const { url } = await recorder((response) => answer(response, 400, { error: 'invalid_scope' }));
    expect((await failure(request(url).request.issue())).hint).toContain('scope');
  });
});

describe('temporary failures', () => {
  it.each([500, 502, 503, 504, 408, 429])('are waited for: %i', async (status) => {
    const { url, seen } = await recorder((response, _, number) =>
      number < 3 ? answer(response, status, 'busy') : answer(response, 200, tokenBody('tok')),
    );
    const { request: tokens, clock } = request(url);
    expect(secretOf(await tokens.issue())).toBe('tok');
    expect(seen).toHaveLength(3);
    expect(clock.slept[0]).toBeGreaterThanOrEqual(150);
    expect(clock.slept[1]).toBeGreaterThanOrEqual(300);
    expect(clock.slept[1]).toBeLessThanOrEqual(600);
  });

  it('are waited for as long as the server asks', async () => {
    const { url } = await recorder((response, _, number) =>
      number === 1 ? answer(response, 429, '', { 'retry-after': '7' }) : answer(response, 200, tokenBody('tok')),
    );
    const { request: tokens, clock } = request(url);
    await tokens.issue();
    expect(clock.slept).toEqual([7000]);
  });

  it('are waited for until the date the server names', async () => {
    const clock = new FakeClock();
    const date = new Date(clock.time + 5000).toUTCString();
    const { url } = await recorder((response, _, number) =>
      number === 1 ? answer(response, 503, '', { 'retry-after': date }) : answer(response, 200, tokenBody('tok')),
    );
    await request(url, { clock }).request.issue();
    expect(clock.slept[0]).toBeGreaterThan(3900);
    expect(clock.slept[0]).toBeLessThanOrEqual(5000);
  });

  it('end the attempts if the server asks for a longer wait than is allowed', async () => {
    const { url, seen } = await recorder((response) => answer(response, 429, '', { 'retry-after': '3600' }));
    const error = await failure(request(url).request.issue());
    expect(error).toMatchObject({ code: 'TOKEN_UNAVAILABLE', status: 429 });
    expect(seen).toHaveLength(1);
  });

  it('end after a few attempts, in an error that quotes the server', async () => {
    const { url, seen } = await recorder((response) => answer(response, 503, '<h1>Maintenance</h1>'));
    const error = await failure(request(url).request.issue());
    expect(error).toBeInstanceOf(TokenError);
    expect(error).toMatchObject({ code: 'TOKEN_UNAVAILABLE', retryable: true, status: 503 });
    expect(error.message).toContain('Maintenance');
    expect(seen).toHaveLength(3);
  });

  it('include a refused connection', async () => {
    const { request: tokens, clock } = request(await deadUrl());
    const error = await failure(tokens.issue());
    expect(error).toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    expect(error.message).toContain('no connection could be made: connection refused (ECONNREFUSED)');
    expect(clock.slept).toHaveLength(2);
  });

  it('include an answer that is cut short on the wire', async () => {
    let connections = 0;
    const url = await serveRaw((socket) => {
      connections++;
      socket.once('data', () => {
        socket.end(
          'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 200\r\n\r\n{"access_token":"e',
        );
      });
    });
    const error = await failure(request(url).request.issue());
    expect(error).toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    expect(error.message).toContain('the connection broke');
    expect(connections).toBe(3);
  });

  it('include an answer that does not come in time, its body included', async () => {
    const { url, seen } = await recorder((response, _, number) => {
      if (number === 2) response.writeHead(200).write('{"access');
    });
    const error = await failure(request(url, { timeoutMs: 40 }).request.issue());
    expect(error).toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    expect(error.message).toContain('no complete answer within 40 ms');
    expect(seen).toHaveLength(3);
  });
});

describe('answers that are not a token', () => {
  it.each<[string, unknown, RegExp]>([
    ['a web page', '<!doctype html><p>Log in', /it is a web page; check the token URL/],
    ['nothing', '', /it is empty/],
    ['half an answer', '{"access_token":"eyJhbGciOi', /damaged or cut short/],
    ['no JSON', 'ok', /it is not JSON/],
    ['no token', { token_type: 'bearer' }, /access_token/],
    ['another type', { access_token: 'a', token_type: 'mac' }, /token_type/],
    ['a DPoP token', { access_token: 'a', token_type: 'DPoP' }, /token_type is dpop/],
    ['a negative life', { ...tokenBody('a'), expires_in: -1 }, /expires_in/],
    ['a token no header can carry', tokenBody('a\nb: c'), /characters no header can carry/],
  ])('are named: %s', async (_, body, says) => {
    const { url, seen } = await recorder((response) => answer(response, 200, body));
    const error = await failure(request(url).request.issue());
    expect(error).toBeInstanceOf(TokenError);
    expect(error).toMatchObject({ code: 'TOKEN_UNAVAILABLE', status: 200 });
    expect(error.message).toMatch(says);
    expect(error.message).not.toContain('eyJhbGciOi');
    expect(seen).toHaveLength(1);
  });

  it.each([301, 302, 307, 308])('are not followed with the credentials: %i', async (status) => {
    const { url, seen } = await recorder((response) => answer(response, status, '', { location: '/elsewhere' }));
    const error = await failure(request(url).request.issue());
    expect(error).toMatchObject({ code: 'TOKEN_UNAVAILABLE', status });
    expect(error.message).toContain('redirect');
    expect(seen).toHaveLength(1);
  });

  it.each([403, 404])('are not asked for again: %i of a gateway', async (status) => {
    const { url, seen } = await recorder((response) => answer(response, status, '<p>No such page'));
    expect(await failure(request(url).request.issue())).toMatchObject({ code: 'TOKEN_UNAVAILABLE', status });
    expect(seen).toHaveLength(1);
  });
});

describe('an aborted call', () => {
  it('ends the request', async () => {
    const stop = new AbortController();
    const { url } = await recorder(() => stop.abort(new Error('enough')));
    const error = await failure(request(url).request.issue(stop.signal));
    expect(error).toBeInstanceOf(AbortedError);
    expect(error.cause).toMatchObject({ message: 'enough' });
  });

  it('ends the wait between two attempts', async () => {
    const stop = new AbortController();
    const { url, seen } = await recorder((response) => answer(response, 503, ''));
    const sleep = async () => {
      stop.abort();
      throw stop.signal.reason;
    };
    const clock = { now: () => Date.now(), sleep };
    expect(await failure(request(url, { clock }).request.issue(stop.signal))).toBeInstanceOf(AbortedError);
    expect(seen).toHaveLength(1);
  });
});
