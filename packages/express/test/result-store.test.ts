import { readdirSync } from 'node:fs';
import { folderResultStore, type ResultStore } from '@signstash-connect/core';
import { temporaryFolder } from '@signstash-connect/testing';
import { describe, expect, it } from 'vitest';
import { problemDetails, signResponse, signstash, signUpload } from '../src/index.ts';
import { majors } from './support/express-majors.ts';
import { listen } from './support/listen.ts';
import { invoice, isSigned } from './support/pdfs.ts';
import { openSocket } from './support/raw-request.ts';
import { useSandbox } from './support/sandbox.ts';
import { until } from './support/until.ts';

const setup = useSandbox();
const signed = () => setup.sandbox.admin.counts().documentsSigned;

/** A client that signs through the sandbox's proxy, which returns each document once and stores nothing. */
const proxyClient = () => {
  const { proxyUrl, tokenUrl, apiUrl } = setup.sandbox;
  return setup.client({ environment: { proxyUrl, authorizationServer: { tokenUrl, apiUrl } } });
};

describe.each(majors)('a result store on %s, through the on-premise proxy', (_major, express) => {
  const appWith = (resultStore?: ResultStore) => {
    const client = proxyClient();
    const app = express().use(signstash({ client, ...(resultStore ? { resultStore } : {}) }));
    app.get('/invoices/:number', (req, res, next) => {
      res.signPdf(invoice, { reference: `invoice-${req.params.number}` }).catch(next);
    });
    app.get('/reports', signResponse({ client }), (_req, res) => {
      res.type('pdf').send(invoice);
    });
    app.post('/sign', signUpload());
    app.use(problemDetails());
    return app;
  };

  it('responds to the second request for /invoices/7 with the first document', async () => {
    const url = await listen(appWith(folderResultStore(temporaryFolder())));
    const first = await fetch(`${url}/invoices/7`);
    const second = await fetch(`${url}/invoices/7`);
    expect([first.status, second.status]).toEqual([200, 200]);
    const body = await first.bytes();
    expect(isSigned(body)).toBe(true);
    expect(Buffer.from(await second.bytes()).equals(body)).toBe(true);
    expect(signed()).toBe(1);
  });

  it('responds with 502 CONTENT_UNAVAILABLE without a store', async () => {
    const url = await listen(appWith());
    expect((await fetch(`${url}/invoices/7`)).status).toBe(200);
    const second = await fetch(`${url}/invoices/7`);
    expect(second.status).toBe(502);
    expect(await second.json()).toMatchObject({ code: 'CONTENT_UNAVAILABLE' });
  });

  it('responds from the same folder after a restart', async () => {
    const folder = temporaryFolder();
    await fetch(`${await listen(appWith(folderResultStore(folder)))}/invoices/7`);
    const again = await fetch(`${await listen(appWith(folderResultStore(folder)))}/invoices/7`);
    expect(again.status).toBe(200);
    expect(signed()).toBe(1);
  });

  it('works for signResponse and signUpload, by the reference derived from the content', async () => {
    const url = await listen(appWith(folderResultStore(temporaryFolder())));
    const bodies = [await (await fetch(`${url}/reports`)).bytes(), await (await fetch(`${url}/reports`)).bytes()];
    const headers = { 'Content-Type': 'application/pdf' };
    const upload = await fetch(`${url}/sign`, { method: 'POST', headers, body: new Uint8Array(invoice) });
    bodies.push(await upload.bytes());
    for (const body of bodies) expect(Buffer.from(body).equals(bodies[0]!)).toBe(true);
    expect(isSigned(bodies[0]!)).toBe(true);
    expect(signed()).toBe(1);
  });

  it('keeps the document of a caller that disconnects while it is being signed', async () => {
    setup.sandbox.admin.addFault({ kind: 'latency', service: 'proxy', endpoint: 'sign', phase: 'after', delayMs: 300 });
    const folder = temporaryFolder();
    const url = await listen(appWith(folderResultStore(folder)));
    const socket = await openSocket(url);
    socket.write('GET /invoices/7 HTTP/1.1\r\nHost: test\r\n\r\n');
    await until(() => signed() === 1);
    socket.destroy();
    await until(() => readdirSync(folder).some((name) => name.endsWith('.result')));
    expect((await fetch(`${url}/invoices/7`)).status).toBe(200);
    expect(signed()).toBe(1);
  });

  it('signs and warns if the store fails', async () => {
    const warnings: string[] = [];
    const resultStore: ResultStore = {
      get: () => undefined,
      set: () => {
        throw new Error('The disk is full.');
      },
    };
    const logger = { warn: (message: string) => warnings.push(message), error: () => {} };
    const app = express().use(signstash({ client: proxyClient(), resultStore, logger }));
    app.get('/', (_req, res, next) => {
      res.signPdf(invoice, { reference: 'invoice-7' }).catch(next);
    });
    expect((await fetch(await listen(app))).status).toBe(200);
    expect(warnings).toEqual(['RESULT_STORE_FAILED: The result store could not store invoice-7: The disk is full.']);
  });
});
