import { execFile } from 'node:child_process';
import { tracingChannel } from 'node:diagnostics_channel';
import { fileURLToPath } from 'node:url';
import { inspect, promisify } from 'node:util';
import type { Sandbox } from '@signstash-connect/sandbox';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MemoryTokenStore } from '../src/adapter-node.ts';
import { createSignStash, type Hooks, type Logger } from '../src/index.ts';
import { answer, recorder, tokenBody } from './http/support/loopback.ts';
import { minimalPdf } from './support/minimal-pdf.ts';
import { clientOf, testSandbox } from './support/sandbox-client.ts';

type Seen = [name: string, event: Record<string, unknown>][];

const hookNames = [
  'onRequest',
  'onResponse',
  'onRetry',
  'onTokenIssued',
  'onRecovered',
  'onSigned',
  'onWarning',
] as const satisfies (keyof Hooks)[];

/** Hooks and a logger that record everything. */
function recording() {
  const events: Seen = [];
  const lines: Seen = [];
  const record = (into: Seen, name: string) => (first: unknown, details?: unknown) =>
    void into.push([name, typeof first === 'string' ? { message: first, details } : (first as never)]);
  const hooks: Hooks = Object.fromEntries(hookNames.map((name) => [name, record(events, name)]));
  const level = (name: string) => record(lines, name);
  const logger: Logger = { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
  const named = (name: keyof Hooks) => events.filter(([hook]) => hook === name).map(([, event]) => event);
  return { events, lines, hooks, logger, named };
}

const failing = () => {
  throw new Error('broken');
};
const rejecting = async () => failing();

/** Records everything that is published on the tracing channels until the test ends. */
function subscribed(): Seen {
  const published: Seen = [];
  for (const channel of ['token', 'request', 'sign']) {
    const tracing = tracingChannel(`signstash:${channel}`);
    const record = (phase: string) => (message: unknown) =>
      void published.push([`${channel} ${phase}`, structuredClone(message) as Record<string, unknown>]);
    const subscribers = Object.fromEntries(
      ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((phase) => [phase, record(phase)]),
    ) as never;
    tracing.subscribe(subscribers);
    onTestFinished(() => void tracing.unsubscribe(subscribers));
  }
  return published;
}

/** The tokens that a client of this sandbox used, by way of its token store. */
async function clientWithTokens(sandbox: Sandbox, options: Parameters<typeof clientOf>[1]) {
  const tokens: string[] = [];
  const store = new MemoryTokenStore();
  const set = store.set.bind(store);
  store.set = (key, token, ttlMs) => {
    tokens.push(token.accessToken);
    return set(key, token, ttlMs);
  };
  return { client: clientOf(sandbox, { tokenStore: store, ...options }), tokens };
}

describe('hooks', () => {
  it('report the token, each request and each signed document', async () => {
    const sandbox = await testSandbox();
    const { hooks, named } = recording();
    const { reference } = await clientOf(sandbox, { hooks }).sign(minimalPdf(), { name: 'a.pdf' });

    expect(named('onRequest').map(({ endpoint }) => endpoint)).toEqual(['operationId', 'token', 'sign']);
    expect(named('onResponse')).toMatchObject([
      { endpoint: 'token', method: 'POST', url: sandbox.tokenUrl, status: 200 },
      { endpoint: 'operationId', method: 'GET', references: [reference] },
      { endpoint: 'sign', status: 200, references: [reference], bytes: expect.any(Number) },
    ]);
    expect(named('onTokenIssued')).toMatchObject([{ url: sandbox.tokenUrl, expiresAt: expect.any(Number) }]);
    expect(named('onSigned')).toMatchObject([{ name: 'a.pdf', reference, recovered: false }]);
    expect([...named('onRetry'), ...named('onRecovered'), ...named('onWarning')]).toEqual([]);
  });

  it('report a document of a lost answer as recovered, and signed once', async () => {
    const sandbox = await testSandbox();
    sandbox.admin.addFault({ kind: 'drop', endpoint: 'sign', phase: 'after', times: 1 });
    const { hooks, named } = recording();
    const { operationId } = await clientOf(sandbox, { hooks }).sign(minimalPdf());

    expect(named('onRecovered')).toMatchObject([{ operationId, recovered: true }]);
    expect(named('onSigned')).toMatchObject([{ operationId, recovered: true }]);
    const lost = named('onResponse').find(({ endpoint }) => endpoint === 'sign');
    expect(lost).toMatchObject({ code: 'NETWORK_INTERRUPTED' });
    expect(lost).not.toHaveProperty('status');
  });

  it.each([
    ['sign', { kind: 'rate-limit', endpoint: 'sign' }, { call: 'sign', attempt: 1, code: 'RATE_LIMITED' }],
    ['read', { kind: 'server-error', endpoint: 'operationId', phase: 'before' }, { call: 'read', attempt: 1 }],
    [
      'token',
      { kind: 'server-error', endpoint: 'token', phase: 'before' },
      { call: 'token', code: 'TOKEN_UNAVAILABLE' },
    ],
  ] as const)('report a repeated %s request', async (_, fault, retry) => {
    const sandbox = await testSandbox();
    sandbox.admin.addFault({ ...fault, times: 1 });
    const { hooks, named } = recording();
    await clientOf(sandbox, { hooks }).sign(minimalPdf());
    expect(named('onRetry')).toMatchObject([retry]);
  });

  it('report the signed documents of a batch', async () => {
    const sandbox = await testSandbox();
    const { hooks, named } = recording();
    const documents = [1, 2, 3].map((number) => ({ content: minimalPdf(`${number}`), name: `${number}.pdf` }));
    const batch = clientOf(sandbox, { hooks }).signAll(documents, { inMemory: true });
    for await (const result of batch) expect(result.ok).toBe(true);
    expect(named('onSigned').map(({ name }) => name)).toEqual(['1.pdf', '2.pdf', '3.pdf']);
  });

  it.each([
    ['throw', failing],
    ['reject', rejecting],
  ])('that %s do not affect signing, nor does such a logger', async (_, broken) => {
    const sandbox = await testSandbox();
    sandbox.admin.addFault({ kind: 'drop', endpoint: 'sign', phase: 'after', times: 1 });
    const hooks = Object.fromEntries(hookNames.map((name) => [name, broken]));
    const logger = { debug: broken, info: broken, warn: broken, error: broken };
    const signed = await clientOf(sandbox, { hooks, logger }).sign(minimalPdf());
    expect(signed.recovered).toBe(true);
    expect(sandbox.admin.counts().documentsSigned).toBe(1);
  });
});

describe('the logger', () => {
  it('gets requests at debug, signed documents at info, warnings at warn and failed documents at error', async () => {
    const sandbox = await testSandbox();
    sandbox.admin.addFault({ kind: 'document-error' });
    const { logger, lines } = recording();
    const tokenStore = { get: failing, set: failing };
    const client = clientOf(sandbox, { logger, tokenStore });
    const results = await client.signMany([{ content: minimalPdf('1'), name: '1.pdf' }]);
    await client.sign(minimalPdf('2'), { name: '2.pdf' });

    const messages = (level: string) => lines.filter(([name]) => name === level).map(([, { message }]) => message);
    expect(messages('debug')).toContainEqual(expect.stringMatching(/^signstash: request \d+: POST http/));
    expect(messages('debug')).toContainEqual(expect.stringMatching(/^signstash: response \d+: 200 after \d+ ms$/));
    expect(messages('info')).toEqual([expect.stringMatching(/^signstash: 2\.pdf signed: operation \d+$/)]);
    expect(messages('warn')[0]).toMatch(/^signstash: TOKEN_STORE_FAILED: .*broken/);
    expect(results).toMatchObject([{ ok: false }]);
    expect(messages('error')).toEqual([expect.stringMatching(/^signstash: 1\.pdf was not signed: DOCUMENT_FAILED: /)]);
  });

  it('writes to stderr if NODE_DEBUG contains signstash', async () => {
    const sandbox = await testSandbox();
    const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox;
    const options = { environment: { tokenUrl, apiUrl }, clientId, clientSecret };
    const script = fileURLToPath(new URL('./support/sign-one.ts', import.meta.url));
    const command = ['--conditions=@signstash-connect/source', script, JSON.stringify(options)];
    const run = async (debug: string) =>
      (await promisify(execFile)(process.execPath, command, { env: { ...process.env, NODE_DEBUG: debug } })).stderr;
    const written = await run('signstash');
    expect(written).toMatch(/SIGNSTASH \d+: info one\.pdf signed: operation \d+/);
    expect(written).toMatch(/SIGNSTASH \d+: debug request \d+: POST/);
    expect(written).not.toContain(clientSecret);
    expect(await run('')).not.toContain('SIGNSTASH');
  });
});

describe('tracing channels', () => {
  it('publish the token, each request and each document, from start to end', async () => {
    const sandbox = await testSandbox();
    const published = subscribed();
    const results = await clientOf(sandbox).signMany([1, 2].map((number) => ({ content: minimalPdf(`${number}`) })));
    const of = (phase: string) => published.filter(([name]) => name === phase).map(([, context]) => context);

    expect(of('token asyncEnd')).toMatchObject([{ url: sandbox.tokenUrl, expiresAt: expect.any(Number) }]);
    const references = results.map(({ reference }) => reference);
    expect(of('sign start').map(({ reference }) => reference)).toEqual(references);
    expect(of('sign asyncEnd')).toMatchObject(
      references.map((reference) => ({ reference, recovered: false, operationId: expect.any(String) })),
    );
    const ended = of('request asyncEnd');
    expect(ended.map(({ endpoint }) => endpoint).sort()).toEqual(['operationId', 'operationId', 'sign', 'token']);
    expect(ended.find(({ endpoint }) => endpoint === 'sign')).toMatchObject({ status: 200, references });
    expect(published.filter(([name]) => name.endsWith('error'))).toEqual([]);
  });

  it('publish the redacted error of a document that failed, while the caller receives the original', async () => {
    const sandbox = await testSandbox();
    sandbox.admin.addFault({ kind: 'document-error' });
    const published = subscribed();
    const error: Error = await clientOf(sandbox)
      .sign(minimalPdf(), { name: 'bad.pdf' })
      .then(failing, (problem) => problem);
    expect(error).toMatchObject({ name: 'DocumentFailedError', code: 'DOCUMENT_FAILED' });
    const [, context] = published.find(([name]) => name === 'sign error') as Seen[number];
    expect((context.error as Error).message).toBe(error.message);
    expect(context.error).not.toBe(error);
  });
});

describe('secrets', () => {
  it('appear in no event, log line or trace of a sandbox run with faults', async () => {
    const sandbox = await testSandbox();
    for (const fault of [
      { kind: 'drop', endpoint: 'sign', phase: 'after', times: 1 },
      { kind: 'server-error', endpoint: 'token', phase: 'before', times: 1 },
      { kind: 'server-error', endpoint: 'operationId', phase: 'before', times: 1 },
    ] as const)
      sandbox.admin.addFault(fault);
    const { events, lines, hooks, logger } = recording();
    const published = subscribed();
    const { client, tokens } = await clientWithTokens(sandbox, { hooks, logger });
    await client.signMany([1, 2].map((number) => ({ content: minimalPdf(`${number}`) })));

    const everything = inspect([events, lines, published], { depth: 20, showHidden: true, getters: true });
    expect(events.length * lines.length * published.length).toBeGreaterThan(0);
    expect(tokens.length).toBeGreaterThan(0);
    const basic = Buffer.from(`${sandbox.clientId}:${sandbox.clientSecret}`).toString('base64');
    for (const secret of [sandbox.clientSecret, basic, ...tokens]) expect(everything).not.toContain(secret);
    expect(everything).not.toMatch(/authorizationW|bearer/i);
  });

  it('are removed from what a service echoes in its error and from the names of documents', async () => {
    const accessToken = 'opaque.token/without-shape~81';
    const clientSecret = 'not-for-any-log';
    const server = await recorder((response, request) => {
      if (request.path.startsWith('/oauth')) return answer(response, 200, tokenBody(accessToken));
      const echo = `${clientSecret} ${request.headers.authorization} ${Buffer.from(`id:${clientSecret}`).toString('base64')}`;
      return answer(response, 400, {
        errorCode: '9.9.9',
        errorDescription: echo,
        description: echo,
        causeMessage: echo,
      });
    });
    const { events, lines, hooks, logger } = recording();
    const published = subscribed();
    const client = createSignStash({
      environment: { tokenUrl: `${server.url}/oauth/token`, apiUrl: `${server.url}/api` },
      clientId: 'id',
      clientSecret,
      hooks,
      logger,
    });
    await expect(client.sign(minimalPdf(), { name: `${clientSecret}.pdf` })).rejects.toThrow();

    expect(new Set(published.map(([name]) => name))).toContain('sign error');
    const everything = inspect([events, lines, published], { depth: 20, showHidden: true, getters: true });
    for (const secret of [accessToken, clientSecret, Buffer.from(`id:${clientSecret}`).toString('base64')])
      expect(everything).not.toContain(secret);
  });
});
