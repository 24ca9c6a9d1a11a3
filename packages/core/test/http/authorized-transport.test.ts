import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { CredentialsError, type SignStashError, TokenError, ValidationError } from '../../src/errors/errors.ts';
import { createTransport, type TransportOptions } from '../../src/http/create-transport.ts';
import type { RequestBody, TransportRequest } from '../../src/signing/transport.ts';
import { answer, badCredentials, invalidToken, readAll, recorder, type Seen, tokenBody } from './support/loopback.ts';

const challenge = { 'www-authenticate': 'Bearer realm="oauth2-resource", error="invalid_token"' };
const bearer = ({ headers }: Seen) => headers.authorization?.replace('Bearer ', '') ?? '';

/** An authorization server that gives `t1`, `t2` and so on, an API that knows which of them are good, and a client. */
async function setUp(isGood: (token: string) => boolean = () => true, options: Partial<TransportOptions> = {}) {
  const server = await recorder((response, _, number) => answer(response, 200, tokenBody(`t${number}`)));
  const api = await recorder((response, seen) =>
    isGood(bearer(seen)) ? answer(response, 200, 'ok') : answer(response, 401, invalidToken, challenge),
  );
  const made = createTransport({
    endpoints: { tokenUrl: `${server.url}/oauth/token` },
    clientId: 'PRT.1-PRT.1-a',
    clientSecret: 'geheim%77',
    ...options,
  });
  return { ...made, server, api };
}

const request = (url: string, more: Partial<TransportRequest> = {}): TransportRequest => ({
  endpoint: 'status',
  method: 'GET',
  url,
  headers: { accept: 'application/json' },
  timeoutMs: 60_000,
  ...more,
});

const failure = (promise: Promise<unknown>): Promise<SignStashError> =>
  promise.then(
    () => Promise.reject(new Error('It should have failed.')),
    (error: SignStashError) => error,
  );

describe('a call', () => {
  it('is sent with the token, one for a thousand concurrent calls', { timeout: 90_000 }, async () => {
    const { transport, server, api } = await setUp();
    await Promise.all(Array.from({ length: 1000 }, async () => readAll((await transport.send(request(api.url))).body)));
    expect(server.seen).toHaveLength(1);
    expect(api.seen).toHaveLength(1000);
    expect(new Set(api.seen.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer t1']));
  });

  it('is replayed once with a new token, its body read again, if the API refuses the first token', async () => {
    const { transport, server, api } = await setUp((token) => token !== 't1');
    let reads = 0;
    const body: RequestBody = {
      contentType: 'application/json',
      contentLength: 8,
      async *read() {
        reads++;
        yield Buffer.from('{"a":');
        yield Buffer.from('12}');
      },
    };
    const response = await transport.send(request(api.url, { endpoint: 'sign', method: 'POST', body }));
    expect(response.status).toBe(200);
    expect(api.seen.map(bearer)).toEqual(['t1', 't2']);
    expect(api.seen.map((seen) => seen.body)).toEqual(['{"a":12}', '{"a":12}']);
    expect(reads).toBe(2);
    expect(server.seen).toHaveLength(2);
  });

  it('fails with TokenError after one replay if the new token is refused, too', async () => {
    const { transport, server, api } = await setUp(() => false);
    const error = await failure(transport.send(request(api.url)));
    expect(error).toBeInstanceOf(TokenError);
    expect(error).toMatchObject({ code: 'TOKEN_REFUSED', status: 401, retryable: false });
    expect(error.message).toContain('error="invalid_token"');
    expect(api.seen).toHaveLength(2);
    expect(server.seen).toHaveLength(2);
  });

  it('rethrows the error of a source that fails during the replay', async () => {
    const { transport, api } = await setUp((token) => token !== 't1');
    const changed = new ValidationError('DOCUMENT_CHANGED', 'a.pdf changed');
    let reads = 0;
    const body: RequestBody = {
      contentType: 'text/plain',
      contentLength: 1,
      async *read() {
        if (++reads === 2) throw changed;
        yield Buffer.from('a');
      },
    };
    expect(await failure(transport.send(request(api.url, { method: 'POST', body })))).toBe(changed);
  });

  it.each([400, 403, 500, 503])('is not replayed for %i', async (status) => {
    const { transport, server } = await setUp();
    const { url, seen } = await recorder((response) => answer(response, status, 'no'));
    const response = await transport.send(request(url));
    expect(response.status).toBe(status);
    expect(await readAll(response.body)).toBe('no');
    expect(seen).toHaveLength(1);
    expect(server.seen).toHaveLength(1);
  });
});

describe('many calls that fail together', () => {
  it('lead to one renewal and one replay each', async () => {
    const { transport, server, api } = await setUp((token) => token !== 't1');
    const responses = await Promise.all(Array.from({ length: 100 }, () => transport.send(request(api.url))));
    expect(responses.every(({ status }) => status === 200)).toBe(true);
    expect(server.seen).toHaveLength(2);
    expect(api.seen).toHaveLength(200);
  });

  it('lead to one renewal if the API refuses every token', async () => {
    const { transport, server, api } = await setUp(() => false);
    const errors = await Promise.all(Array.from({ length: 100 }, () => failure(transport.send(request(api.url)))));
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['TOKEN_REFUSED']));
    expect(server.seen).toHaveLength(2);
    expect(api.seen).toHaveLength(200);
  });
});

it('no listener is left on a signal that outlives its calls', async () => {
  const batch = new AbortController();
  const { transport, api } = await setUp((token) => token !== 't1');
  const call = async () => readAll((await transport.send(request(api.url, { signal: batch.signal }))).body);
  await Promise.all(Array.from({ length: 20 }, call));
  expect(getEventListeners(batch.signal, 'abort')).toEqual([]);
});

describe('no token', () => {
  it('means that nothing is sent: refused credentials, asked for once', async () => {
    const refusing = await recorder((response) => answer(response, 401, badCredentials));
    const { transport, api } = await setUp(undefined, { endpoints: { tokenUrl: `${refusing.url}/oauth/token` } });
    const errors = await Promise.all(Array.from({ length: 50 }, () => failure(transport.send(request(api.url)))));
    errors.push(await failure(transport.send(request(api.url))));
    for (const error of errors) expect(error).toBeInstanceOf(CredentialsError);
    expect(refusing.seen).toHaveLength(1);
    expect(api.seen).toHaveLength(0);
  });

  it('in the call’s own time is no TimeoutError, which would leave open whether something was sent', async () => {
    const silent = await recorder(() => {});
    const { transport, api } = await setUp(undefined, { endpoints: { tokenUrl: `${silent.url}/oauth/token` } });
    const error = await failure(transport.send(request(api.url, { timeoutMs: 50 })));
    expect(error).toMatchObject({ code: 'TOKEN_UNAVAILABLE', retryable: true });
    expect(error.message).toContain('50 ms');
    expect(api.seen).toHaveLength(0);
  });

  it('for a caller who stops', async () => {
    const stop = new AbortController();
    const silent = await recorder(() => stop.abort(new Error('enough')));
    const { transport, api } = await setUp(undefined, { endpoints: { tokenUrl: `${silent.url}/oauth/token` } });
    const error = await failure(transport.send(request(api.url, { signal: stop.signal })));
    expect(error).toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } });
  });
});
