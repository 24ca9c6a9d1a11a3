import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isSignStashError } from '../../src/errors/errors.ts';
import { createTransport, type TransportOptions } from '../../src/http/create-transport.ts';
import { createSignStash } from '../../src/index.ts';
import { Telemetry } from '../../src/signing/telemetry.ts';
import type { TransportRequest } from '../../src/signing/transport.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { answer, deadUrl, invalidToken, recorder, serve, serveRaw, tokenBody } from './support/loopback.ts';

const clientId = 'PRT.1-PRT.1-a';
const clientSecret = 'pa%25ss <word>&"\' 1+é';
const accessToken = 'opaque.token/without-shape~81';
const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
const form = new URLSearchParams({ s: clientSecret }).toString().slice(2);
const secrets = [clientSecret, basic, form, encodeURIComponent(clientSecret), accessToken, 'pa%25ss'];

/** Every way in which a value may reach a log. */
function shown(thing: unknown): string {
  const deep = inspect(thing, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true });
  const error = thing as Partial<Error>;
  return [deep, String(thing), error.message, error.stack, JSON.stringify(thing), inspect(error.cause)].join('\n');
}

function expectClean(thing: unknown): void {
  const text = shown(thing);
  for (const secret of secrets) expect(text).not.toContain(secret);
}

async function setUp(options: Partial<TransportOptions> = {}) {
  const server = await recorder((response) => answer(response, 200, tokenBody(accessToken)));
  const warnings: unknown[] = [];
  const made = createTransport({
    endpoints: { tokenUrl: `${server.url}/oauth/token` },
    clientId,
    clientSecret,
    telemetry: new Telemetry({ hooks: { onWarning: (warning) => warnings.push(warning) } }),
    ...options,
  });
  return { ...made, warnings };
}

const request = (url: string): TransportRequest => ({
  endpoint: 'sign',
  method: 'POST',
  url,
  headers: {},
  body: {
    contentType: 'text/plain',
    contentLength: 1,
    async *read() {
      yield Buffer.from('a');
    },
  },
  timeoutMs: 200,
});

async function failure(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    () => undefined,
    (problem: unknown) => problem,
  );
  expect(isSignStashError(error)).toBe(true);
  return error;
}

describe('no secret is shown', () => {
  it('by the objects themselves, before, while and after they have a token', async () => {
    const { transport, tokens } = await setUp();
    expectClean(transport);
    const pending = tokens.getToken();
    expectClean(tokens);
    const token = await pending;
    for (const thing of [transport, tokens, token, pending]) expectClean(thing);
    tokens.invalidate(token);
    expectClean(tokens);
  });

  const entities = (text: string) => text.replace(/[&<>]/g, (c) => `&#x${c.codePointAt(0)?.toString(16)};`);
  const escaped = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('é', '&eacute;');
  it.each<[string, number, unknown]>([
    ['a page with the header', 401, `<pre>Authorization: Basic ${basic}</pre>`],
    ['a page with the secret', 401, `<p>${clientSecret}</p>`],
    ['a page with the secret, escaped', 400, `<p>${escaped(clientSecret)}</p>`],
    ['a page with the secret, in numbers', 400, `<p>${entities(clientSecret)}</p>`],
    ['a page with the secret, encoded', 401, `<p>${encodeURIComponent(clientSecret)}</p>`],
    ['a description with the secret', 401, { error: 'invalid_client', error_description: `bad ${clientSecret}` }],
    ['an error that is the secret', 400, { error: clientSecret, error_description: form }],
    ['a failure with the form', 500, `client_secret=${form}&x=1`],
    ['a token with another type', 200, { access_token: accessToken, token_type: accessToken }],
    ['a token cut short', 200, `{"access_token":"${accessToken}`],
    ['a token that no header can carry', 200, tokenBody(`${accessToken}\u0007`)],
    ['a token as a list', 200, { access_token: [accessToken], token_type: 'bearer' }],
  ])('by the error for an authorization server that answers %s', async (_, status, body) => {
    const server = await recorder((response) => answer(response, status, body));
    const { transport, tokens } = await setUp({ endpoints: { tokenUrl: server.url } });
    expectClean(await failure(transport.send({ ...request('http://127.0.0.1:9/'), timeoutMs: 5000 })));
    expectClean(tokens);
  });

  it('by the errors of the network', async () => {
    const { transport, tokens } = await setUp();
    await tokens.getToken();
    const closing = await serveRaw((socket) => socket.once('data', () => socket.destroy()));
    const silent = await serveRaw(() => {});
    for (const url of [await deadUrl(), closing, silent]) expectClean(await failure(transport.send(request(url))));
    const short = await serveRaw((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{')),
    );
    const response = await transport.send(request(short));
    expectClean(
      await failure(
        response.body[Symbol.asyncIterator]()
          .next()
          .then(() => response.body[Symbol.asyncIterator]().next()),
      ),
    );
  });

  it('by the error for a refused token, which quotes the API', async () => {
    const { transport } = await setUp();
    const api = await recorder((response) =>
      answer(response, 401, invalidToken, {
        'www-authenticate': `Bearer error="x", error_description="Invalid access token: ${accessToken}"`,
      }),
    );
    expectClean(await failure(transport.send(request(api.url))));
  });

  it('by a fetch that throws its own request', async () => {
    const { transport } = await setUp({
      fetch: async (_url, init) => {
        const headers = init.headers as Record<string, string>;
        throw Object.assign(new Error(`failed: ${JSON.stringify(headers)}`), {
          init,
          cause: new Error(headers.authorization),
        });
      },
    });
    expectClean(await failure(transport.send({ ...request('https://api.example/'), timeoutMs: 5000 })));
  });

  it('by the warnings about a store', async () => {
    const quoting = (_key: string, value?: unknown): never => {
      throw new Error(`cannot keep ${JSON.stringify(value)}`);
    };
    const { tokens, warnings } = await setUp({ tokenStore: { get: quoting, set: quoting } });
    await tokens.getToken();
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toHaveLength(2);
    for (const warning of warnings) expectClean(warning);
  });

  it.each<[string, number, (token: string) => unknown]>([
    ['400', 400, (token) => ({ errorCode: token, errorCodeDescription: `bad ${token}`, causeMessage: token })],
    ['403', 403, (token) => `<html><title>${token}</title></html>`],
    ['500', 500, (token) => ({ message: `Cannot convert ${JSON.stringify(token)} to JSON` })],
    ['500 as text', 500, (token) => token],
    [
      'signError',
      200,
      (token) => ({
        id: 7,
        status: 'EXECUTED',
        documentList: [{ externalReference: 'ref-1', signStatus: 'ERROR_SIGNING', signError: token, name: token }],
      }),
    ],
  ])('by the error for an API that quotes an opaque token in its answer: %s', async (_, status, body) => {
    const server = await recorder((response, { path }) =>
      path.startsWith('/oauth')
        ? answer(response, 200, tokenBody(accessToken))
        : answer(response, status, body(accessToken)),
    );
    const signstash = createSignStash({
      environment: { tokenUrl: `${server.url}/oauth/token`, apiUrl: server.url },
      clientId,
      clientSecret,
      lookUpFirst: false,
      retry: { attempts: 1, maxLookupAttempts: 1, lookupGraceMs: 1 },
    });
    const [result] = await signstash.signMany([{ content: minimalPdf(), reference: 'ref-1' }]);
    expect(result?.ok).toBe(false);
    expectClean(result);
    if (!result?.ok) expectClean(result?.error);
  });

  it.each([400, 401, 403, 500])('nor is an endless answer with status %i read to its end', async (status) => {
    let chunks = 0;
    let ended = false;
    const api = await serve((incoming, response) => {
      incoming.resume();
      response.writeHead(status, { 'content-type': 'text/plain' });
      const more = () => {
        while (!response.destroyed && chunks++ < 20_000 && response.write('x'.repeat(64 * 1024)));
        if (chunks >= 20_000) ended = true;
      };
      response.on('drain', more);
      more();
    });
    const oauth = await recorder((response) => answer(response, 200, tokenBody(accessToken)));
    const signstash = createSignStash({
      environment: { tokenUrl: oauth.url, apiUrl: api },
      clientId,
      clientSecret,
      lookUpFirst: false,
      retry: { attempts: 1, maxLookupAttempts: 1, lookupGraceMs: 1 },
    });
    const [result] = await signstash.signMany([{ content: minimalPdf() }]);
    expect(result?.ok).toBe(false);
    expect(ended).toBe(false);
  });
});
