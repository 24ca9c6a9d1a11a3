import { createReadStream } from 'node:fs';
import { ConfigurationError, createSignStash, type SignedDocument } from '@signstash-connect/core';
import { accessTo } from '@signstash-connect/testing';
import type { ErrorRequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { problemDetails, SignHttpError, signstash } from '../src/index.ts';
import { majors } from './support/express-majors.ts';
import { listen } from './support/listen.ts';
import { invoice, invoicePath, isSigned } from './support/pdfs.ts';
import { openSocket } from './support/raw-request.ts';
import { useSandbox } from './support/sandbox.ts';
import { until } from './support/until.ts';

const setup = useSandbox();

describe.each(majors)('res.signPdf on %s', (_major, express) => {
  const contents = {
    'a Buffer': () => invoice,
    'a Uint8Array': () => new Uint8Array(invoice),
    'an ArrayBuffer': () => new Uint8Array(invoice).buffer,
    'a path': () => invoicePath,
    'a stream': () => createReadStream(invoicePath),
    'a document with save()': () => ({ save: async () => new Uint8Array(invoice) }),
  };

  it.each(Object.entries(contents))('signs %s and sends it', async (_kind, content) => {
    let signed: SignedDocument | undefined;
    const app = express().use(signstash({ client: setup.client() }));
    app.get('/invoice', async (_req, res) => {
      signed = await res.signPdf(content(), { filename: 'Fatura nº 7 – março.pdf', reason: 'Fatura' });
    });
    const answer = await fetch(`${await listen(app)}/invoice`);
    const body = await answer.bytes();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/pdf');
    expect(answer.headers.get('content-length')).toBe(String(body.byteLength));
    expect(answer.headers.get('content-disposition')).toContain(
      "filename*=UTF-8''Fatura%20n%C2%BA%207%20%E2%80%93%20mar%C3%A7o.pdf",
    );
    expect(answer.headers.get('etag')).toBeNull();
    expect(isSigned(body)).toBe(true);
    expect(signed?.name).toBe('Fatura nº 7 – março.pdf');
    expect(Buffer.from(signed!.content).equals(body)).toBe(true);
    expect(setup.sandbox.admin.counts().documentsSigned).toBe(1);
  });

  it('signs nothing for a HEAD request', async () => {
    const app = express().use(signstash({ client: setup.client() }));
    app.get('/', async (_req, res) => {
      expect(await res.signPdf(invoice, { filename: 'a.pdf', disposition: 'attachment' })).toBeUndefined();
    });
    const answer = await fetch(await listen(app), { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/pdf');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename=a.pdf');
    expect(answer.headers.get('content-length')).toBeNull();
    expect(setup.sandbox.admin.counts().requests.sign).toBe(0);
  });

  it('stops when the caller disconnects, and calls no error handler', async () => {
    setup.sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', delayMs: 20_000 });
    const outcomes: unknown[] = [];
    const app = express().use(signstash({ client: setup.client() }));
    app.get('/', async (_req, res, next) => {
      await res.signPdf(invoice).then((signed) => outcomes.push(signed), next);
    });
    const onError: ErrorRequestHandler = (error, _req, _res, next) => {
      outcomes.push(error);
      next(error);
    };
    app.use(onError);
    const socket = await openSocket(await listen(app));
    socket.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    await until(() => setup.sandbox.admin.counts().requests.sign === 1);
    socket.destroy();
    await until(() => outcomes.length === 1);
    expect(outcomes).toEqual([undefined]);
  });

  it('leaves no headers on the response for the error handler', async () => {
    const app = express().use(signstash({ client: setup.client() }));
    app.get('/', (_req, res, next) => {
      res.signPdf(Buffer.from('no pdf'), { filename: 'a.pdf', disposition: 'attachment' }).catch(next);
    });
    app.use(problemDetails());
    const answer = await fetch(await listen(app));
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-disposition')).toBeNull();
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ code: 'DOCUMENT_NOT_PDF', status: 422 });
    expect(setup.sandbox.admin.counts().requests.sign).toBe(0);
  });

  it("responds with 502, not 401, through Express's own error handler if Sign'Stash refuses the credentials", async () => {
    const app = express().use(signstash({ client: setup.client({ clientSecret: 'wrong-and-fake' }) }));
    // Express prints the errors it handles itself, except in the environment "test".
    app.set('env', 'test');
    app.get('/', (_req, res, next) => {
      res.signPdf(invoice).catch((error) => {
        expect(error).toBeInstanceOf(SignHttpError);
        expect(error.cause).toMatchObject({ name: 'CredentialsError', status: 401 });
        next(error);
      });
    });
    expect((await fetch(await listen(app))).status).toBe(502);
  });

  it('refuses a response that has already started', async () => {
    const app = express().use(signstash({ client: setup.client() }));
    let refusal: unknown;
    app.get('/', async (_req, res) => {
      res.write('begun');
      refusal = await res.signPdf(invoice).catch((error) => error);
      res.end();
    });
    await (await fetch(await listen(app))).text();
    expect(refusal).toMatchObject({ code: 'RESPONSE_ALREADY_SENT' });
    expect(setup.sandbox.admin.counts().requests.sign).toBe(0);
  });

  it('puts the client on the response and on the application', async () => {
    const client = setup.client();
    const app = express().use(signstash({ client }));
    app.get('/', (_req, res) => {
      res.json([res.signstash === client, app.locals.signstash === client]);
    });
    expect(await (await fetch(await listen(app))).json()).toEqual([true, true]);
  });

  it('creates a client from options', async () => {
    const app = express().use(signstash({ client: accessTo(setup.sandbox) }));
    app.get('/', async (_req, res) => {
      await res.signPdf(invoice);
    });
    expect(isSigned(await (await fetch(await listen(app))).bytes())).toBe(true);
  });
});

describe('signstash', () => {
  it('throws for a wrong option at startup', () => {
    const client = createSignStash(accessTo(setup.sandbox));
    expect(() => signstash({ client, reasn: 'x' } as never)).toThrow(ConfigurationError);
    expect(() => signstash({ client, reasn: 'x' } as never)).toThrow(
      'Unknown setting signstash.reasn: expected one of signstash.client',
    );
    expect(() => signstash({ client: { clientId: 'a' } as never })).toThrow(ConfigurationError);
  });
});
