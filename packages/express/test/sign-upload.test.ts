import { maxDocumentsPerRequest } from '@signstash-connect/core';
import type { RequestHandler } from 'express';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { problemDetails, type SignUploadOptions, signstash, signUpload } from '../src/index.ts';
import { majors } from './support/express-majors.ts';
import { listen } from './support/listen.ts';
import { invoice, isSealed, otherInvoice, reasonOf, sealCount } from './support/pdfs.ts';
import { exchange, openSocket } from './support/raw-request.ts';
import { useSandbox } from './support/sandbox.ts';
import { until } from './support/until.ts';

const setup = useSandbox();

const form = (...files: [name: string, bytes: Buffer][]): FormData => {
  const data = new FormData();
  for (const [name, bytes] of files)
    data.append('file', new Blob([new Uint8Array(bytes)], { type: 'application/pdf' }), name);
  return data;
};

describe.each(majors)('signUpload on %s', (_major, express) => {
  const serve = (options: SignUploadOptions = {}, then?: RequestHandler) => {
    const app = express().use(signstash({ client: setup.client() }));
    app.post('/', signUpload(options), ...(then ? [then] : []));
    app.use(problemDetails());
    return listen(app);
  };
  const post = async (url: string, body: FormData | Uint8Array, headers: Record<string, string> = {}) =>
    fetch(url, { method: 'POST', body: body instanceof FormData ? body : new Uint8Array(body), headers });

  it('seals one PDF of a form', async () => {
    const answer = await post(await serve(), form(['março/Fatura 1.pdf', invoice]));
    const body = await answer.bytes();
    expect(answer.headers.get('content-type')).toBe('application/pdf');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="Fatura 1.pdf"');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(isSealed(body)).toBe(true);
  });

  it('seals a raw PDF', async () => {
    const headers = { 'Content-Type': 'application/pdf', 'Content-Disposition': 'attachment; filename="a.pdf"' };
    const answer = await post(await serve(), invoice, headers);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename=a.pdf');
    expect(sealCount(await answer.bytes())).toBe(1);
  });

  it('seals a raw PDF that express.raw() has read', async () => {
    const app = express().use(
      signstash({ client: setup.client() }),
      express.raw({ type: 'application/pdf', limit: '1mb' }),
    );
    app.post('/', signUpload());
    const answer = await post(await listen(app), invoice, { 'Content-Type': 'application/pdf' });
    expect(sealCount(await answer.bytes())).toBe(1);
  });

  it("answers several as a zip, under names of their own, with one request to Sign'Stash", async () => {
    const files = form(['a.pdf', otherInvoice(1)], ['A.pdf', otherInvoice(2)], ['ção.pdf', otherInvoice(3)]);
    const answer = await post(await serve(), files);
    expect(answer.headers.get('content-type')).toBe('application/zip');
    const entries = unzipSync(await answer.bytes());
    expect(Object.keys(entries)).toEqual(['a.pdf', 'A (2).pdf', 'ção.pdf']);
    Object.values(entries).forEach((entry, index) => {
      expect(isSealed(entry, otherInvoice(index + 1))).toBe(true);
    });
    expect(setup.sandbox.admin.counts().requests.sign).toBe(1);
  });

  it('seals a file that came twice once', async () => {
    const answer = await post(await serve(), form(['a.pdf', invoice], ['b.pdf', invoice]));
    const entries = unzipSync(await answer.bytes());
    expect(Object.keys(entries)).toEqual(['a.pdf', 'b.pdf']);
    expect(setup.sandbox.admin.counts().documentsSigned).toBe(1);
  });

  it('asks for the options of each file', async () => {
    const options: SignUploadOptions['options'] = (req, { name }) => ({
      reason: `${req.query.reason} ${name}`,
      reference: `test-${name}`,
    });
    const url = `${await serve({ options })}/?reason=Fatura`;
    const entries = unzipSync(await (await post(url, form(['a.pdf', invoice], ['b.pdf', invoice]))).bytes());
    expect(reasonOf(entries['b.pdf']!)).toBe('Fatura b.pdf');
    expect(setup.sandbox.admin.counts().signedByReference).toEqual({ 'test-a.pdf': 1, 'test-b.pdf': 1 });
  });

  it('hands the results to the next handler', async () => {
    setup.sandbox.admin.addFault({ kind: 'document-error' });
    const url = await serve({ respond: false }, (req, res) => {
      res.json(req.sealedFiles?.map((result) => [result.name, result.ok || result.error.code]));
    });
    const answer = await post(url, form(['a.pdf', otherInvoice(1)], ['b.pdf', otherInvoice(2)]));
    expect(await answer.json()).toEqual([
      ['a.pdf', 'DOCUMENT_FAILED'],
      ['b.pdf', true],
    ]);
  });

  it('answers no half upload: it names the documents that failed', async () => {
    setup.sandbox.admin.addFault({ kind: 'document-error' });
    const answer = await post(await serve(), form(['a.pdf', otherInvoice(1)], ['b.pdf', otherInvoice(2)]));
    expect(await answer.json()).toMatchObject({
      status: 502,
      code: 'UPLOAD_NOT_SEALED',
      errors: [{ name: 'a.pdf', code: 'DOCUMENT_FAILED' }],
    });
  });

  describe('refuses', () => {
    const limits = { fileBytes: invoice.byteLength, files: 2, totalBytes: 2 * invoice.byteLength };
    const cases: [string, () => FormData | Uint8Array, Record<string, string>, number, string][] = [
      ['no file', () => form(), {}, 400, 'UPLOAD_MISSING'],
      ['an empty body', () => new Uint8Array(), { 'Content-Type': 'application/pdf' }, 400, 'UPLOAD_MISSING'],
      ['another type', () => invoice, { 'Content-Type': 'text/plain' }, 415, 'UPLOAD_TYPE_UNSUPPORTED'],
      ['a file too large', () => form(['a.pdf', otherInvoice(1)]), {}, 413, 'UPLOAD_TOO_LARGE'],
      ['a raw PDF too large', () => otherInvoice(1), { 'Content-Type': 'application/pdf' }, 413, 'UPLOAD_TOO_LARGE'],
      ['too many files', () => form(['a', invoice], ['b', invoice], ['c', invoice]), {}, 413, 'UPLOAD_TOO_MANY_FILES'],
      [
        'a broken form',
        () => Buffer.from('--x\r\nbroken'),
        { 'Content-Type': 'multipart/form-data; boundary=x' },
        400,
        'UPLOAD_MALFORMED',
      ],
      ['a form without boundary', () => invoice, { 'Content-Type': 'multipart/form-data' }, 400, 'UPLOAD_MALFORMED'],
      ['what is no PDF', () => form(['a.pdf', Buffer.from('<html>')]), {}, 422, 'DOCUMENT_NOT_PDF'],
    ];
    it.each(cases)('%s', async (_what, body, headers, status, code) => {
      const answer = await post(await serve({ limits }), body(), headers);
      expect(await answer.json()).toMatchObject({ status, code });
      expect(setup.sandbox.admin.counts().requests.sign).toBe(0);
    });

    it('an unknown field', async () => {
      const answer = await post(await serve({ field: 'invoice', limits }), form(['a.pdf', invoice]));
      expect(await answer.json()).toMatchObject({ status: 400, code: 'UPLOAD_MALFORMED' });
    });

    it('files that are too large together', async () => {
      const total = { ...limits, totalBytes: invoice.byteLength + 100 };
      const body = form(['a.pdf', invoice], ['b.pdf', invoice]);
      expect(await (await post(await serve({ limits: total }), body)).json()).toMatchObject({
        code: 'UPLOAD_TOO_LARGE',
      });
    });

    it('a large body as soon as it is announced, and one that is not announced as soon as it is too large', async () => {
      const url = await serve({ limits });
      const head = 'POST / HTTP/1.1\r\nHost: test\r\nContent-Type: application/pdf\r\n';
      expect(await exchange(url, `${head}Content-Length: 1000000000\r\n\r\n%PDF-`)).toMatch(/^HTTP\/1.1 413 /);
      const chunk = `${(70_000).toString(16)}\r\n${'x'.repeat(70_000)}\r\n`;
      const endless = await exchange(url, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}`);
      expect(endless).toMatch(/^HTTP\/1.1 413 /);
      expect(endless).toMatch(/connection: close/i);
    });
  });

  it('stops when the caller hangs up', async () => {
    setup.sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', delayMs: 20_000 });
    let closed = false;
    const app = express();
    app.use((_req, res, next) => {
      res.once('close', () => {
        closed = true;
      });
      next();
    });
    app.use(signstash({ client: setup.client() }));
    app.post('/', signUpload());
    const socket = await openSocket(await listen(app));
    socket.write(
      `POST / HTTP/1.1\r\nHost: t\r\nContent-Type: application/pdf\r\nContent-Length: ${invoice.byteLength}\r\n\r\n`,
    );
    socket.write(invoice);
    await until(() => setup.sandbox.admin.counts().requests.sign === 1);
    socket.destroy();
    await until(() => closed);
  });
});

describe('signUpload', () => {
  it('tells wrong options at once', () => {
    expect(() => signUpload({ limit: {} } as never)).toThrow('no option "limit"');
    expect(() => signUpload({ limits: { fileSize: 1 } as never })).toThrow('no option "fileSize"');
    expect(() => signUpload({ limits: { files: 0 } })).toThrow('positive whole number');
    expect(() => signUpload({ limits: { files: maxDocumentsPerRequest + 1 } })).toThrow(`${maxDocumentsPerRequest}`);
  });
});
