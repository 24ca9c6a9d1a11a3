import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { maxDocumentsPerRequest } from '@signstash-connect/core/client';
import type { RequestHandler } from 'express';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { problemDetails, type SignUploadOptions, signstash, signUpload } from '../src/index.ts';
import { majors } from './support/express-majors.ts';
import { listen } from './support/listen.ts';
import { invoice, isSigned, otherInvoice, reasonOf, signatureCount } from './support/pdfs.ts';
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

  it('signs one PDF of a form', async () => {
    const answer = await post(await serve(), form(['março/Fatura 1.pdf', invoice]));
    const body = await answer.bytes();
    expect(answer.headers.get('content-type')).toBe('application/pdf');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="Fatura 1.pdf"');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(isSigned(body)).toBe(true);
  });

  it('signs a raw PDF', async () => {
    const headers = { 'Content-Type': 'application/pdf', 'Content-Disposition': 'attachment; filename="a.pdf"' };
    const answer = await post(await serve(), invoice, headers);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename=a.pdf');
    expect(signatureCount(await answer.bytes())).toBe(1);
  });

  it('signs a raw PDF that express.raw() has read', async () => {
    const app = express().use(
      signstash({ client: setup.client() }),
      express.raw({ type: 'application/pdf', limit: '1mb' }),
    );
    app.post('/', signUpload());
    const answer = await post(await listen(app), invoice, { 'Content-Type': 'application/pdf' });
    expect(signatureCount(await answer.bytes())).toBe(1);
  });

  describe('a compressed upload', () => {
    const pdf = { 'Content-Type': 'application/pdf' };

    it.each([
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['br', brotliCompressSync],
      ['GZIP', gzipSync],
    ] as const)('is decompressed (%s)', async (encoding, compress) => {
      const answer = await post(await serve(), compress(invoice), { ...pdf, 'Content-Encoding': encoding });
      expect(isSigned(await answer.bytes())).toBe(true);
    });

    it('is accepted in a form', async () => {
      const request = new Request('http://test', {
        method: 'POST',
        body: form(['a.pdf', invoice], ['b.pdf', otherInvoice(1)]),
      });
      const type = request.headers.get('content-type')!;
      const body = gzipSync(await request.bytes());
      const answer = await post(await serve(), body, { 'Content-Type': type, 'Content-Encoding': 'gzip' });
      expect(Object.keys(unzipSync(await answer.bytes()))).toEqual(['a.pdf', 'b.pdf']);
    });

    it.each<[string, () => Buffer, string, number, string]>([
      ['an encoding that is not supported', () => invoice, 'zstd', 415, 'UPLOAD_TYPE_UNSUPPORTED'],
      ['a damaged body', () => Buffer.from('not gzip'), 'gzip', 400, 'UPLOAD_MALFORMED'],
      ['a truncated body', () => gzipSync(invoice).subarray(0, -20), 'gzip', 400, 'UPLOAD_MALFORMED'],
      [
        'a small body that expands beyond the limit',
        () => gzipSync(Buffer.alloc(4 * 2 ** 20)),
        'gzip',
        413,
        'UPLOAD_TOO_LARGE',
      ],
    ])('is refused: %s', async (_what, body, encoding, status, code) => {
      const url = await serve({ limits: { fileBytes: 2 ** 20, totalBytes: 2 ** 20 } });
      for (const type of ['application/pdf', 'multipart/form-data; boundary=x']) {
        const answer = await post(url, body(), { 'Content-Type': type, 'Content-Encoding': encoding });
        expect(await answer.json(), type).toMatchObject({ status, code });
      }
      expect(setup.sandbox.admin.counts().requests.sign).toBe(0);
    });
  });

  it('replaces characters that a zip or Windows does not allow in a name', async () => {
    const files = form(['C:x.pdf', otherInvoice(1)], ['a<b>|?*.pdf', otherInvoice(2)], ['..', otherInvoice(3)]);
    const answer = await post(await serve(), files);
    expect(answer.status).toBe(200);
    expect(Object.keys(unzipSync(await answer.bytes()))).toEqual(['x.pdf', 'a_b____.pdf', 'document-3.pdf']);
  });

  it('names the limit, its setting and its value in readable units', async () => {
    const url = await serve({ limits: { fileBytes: 2_048, files: 2, totalBytes: 3 * 1024 * 1024 } });
    const detail = async (body: FormData | Uint8Array, headers = {}) =>
      ((await (await post(url, body, headers)).json()) as { detail: string }).detail;
    const file = 'A file is larger than 2 KiB, the limit set by limits.fileBytes.';
    expect(await detail(form(['a.pdf', invoice]))).toBe(file);
    expect(await detail(invoice, { 'Content-Type': 'application/pdf' })).toBe(file);
    const small = Buffer.alloc(10);
    expect(await detail(form(['a', small], ['b', small], ['c', small]))).toBe(
      'The upload has more than 2 files, the limit set by limits.files.',
    );
    expect(await detail(Buffer.alloc(4 * 1024 * 1024), { 'Content-Type': 'multipart/form-data; boundary=x' })).toBe(
      'The upload is larger than 3 MiB, the limit set by limits.totalBytes.',
    );
  });

  it("responds with a zip of several signed files under distinct names, with one request to Sign'Stash", async () => {
    const files = form(['a.pdf', otherInvoice(1)], ['A.pdf', otherInvoice(2)], ['ção.pdf', otherInvoice(3)]);
    const answer = await post(await serve(), files);
    expect(answer.headers.get('content-type')).toBe('application/zip');
    const entries = unzipSync(await answer.bytes());
    expect(Object.keys(entries)).toEqual(['a.pdf', 'A (2).pdf', 'ção.pdf']);
    Object.values(entries).forEach((entry, index) => {
      expect(isSigned(entry, otherInvoice(index + 1))).toBe(true);
    });
    expect(setup.sandbox.admin.counts().requests.sign).toBe(1);
  });

  it('signs a file that was uploaded twice once', async () => {
    const answer = await post(await serve(), form(['a.pdf', invoice], ['b.pdf', invoice]));
    const entries = unzipSync(await answer.bytes());
    expect(Object.keys(entries)).toEqual(['a.pdf', 'b.pdf']);
    expect(setup.sandbox.admin.counts().documentsSigned).toBe(1);
  });

  it('requests the options of each file', async () => {
    const options: SignUploadOptions['options'] = (req, { name }) => ({
      reason: `${req.query.reason} ${name}`,
      reference: `test-${name}`,
    });
    const url = `${await serve({ options })}/?reason=Fatura`;
    const entries = unzipSync(await (await post(url, form(['a.pdf', invoice], ['b.pdf', invoice]))).bytes());
    expect(reasonOf(entries['b.pdf']!)).toBe('Fatura b.pdf');
    expect(setup.sandbox.admin.counts().signedByReference).toEqual({ 'test-a.pdf': 1, 'test-b.pdf': 1 });
  });

  it('passes the results to the next handler', async () => {
    setup.sandbox.admin.addFault({ kind: 'document-error' });
    const url = await serve({ respond: false }, (req, res) => {
      res.json(req.signedFiles?.map((result) => [result.name, result.ok || result.error.code]));
    });
    const answer = await post(url, form(['a.pdf', otherInvoice(1)], ['b.pdf', otherInvoice(2)]));
    expect(await answer.json()).toEqual([
      ['a.pdf', 'DOCUMENT_FAILED'],
      ['b.pdf', true],
    ]);
  });

  it('sends no partial result if some documents fail, and names those', async () => {
    setup.sandbox.admin.addFault({ kind: 'document-error' });
    const answer = await post(await serve(), form(['a.pdf', otherInvoice(1)], ['b.pdf', otherInvoice(2)]));
    expect(await answer.json()).toMatchObject({
      status: 502,
      code: 'UPLOAD_NOT_SIGNED',
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
      ['a file that is not a PDF', () => form(['a.pdf', Buffer.from('<html>')]), {}, 422, 'DOCUMENT_NOT_PDF'],
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

    it('a large body by its Content-Length, and one without Content-Length as soon as it exceeds the limit', async () => {
      const url = await serve({ limits });
      const head = 'POST / HTTP/1.1\r\nHost: test\r\nContent-Type: application/pdf\r\n';
      expect(await exchange(url, `${head}Content-Length: 1000000000\r\n\r\n%PDF-`)).toMatch(/^HTTP\/1.1 413 /);
      const chunk = `${(70_000).toString(16)}\r\n${'x'.repeat(70_000)}\r\n`;
      const endless = await exchange(url, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}`);
      expect(endless).toMatch(/^HTTP\/1.1 413 /);
      expect(endless).toMatch(/connection: close/i);
    });
  });

  it('stops when the caller disconnects', async () => {
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
  it('throws for wrong options at startup', () => {
    expect(() => signUpload({ limit: {} } as never)).toThrow('Unknown setting signUpload.limit: expected one of');
    expect(() => signUpload({ limits: { fileSize: 1 } as never })).toThrow(
      'Unknown setting signUpload.limits.fileSize: expected one of',
    );
    expect(() => signUpload({ limits: { files: 0 } })).toThrow(
      'Invalid signUpload.limits.files "0": expected a whole number',
    );
    expect(() => signUpload({ limits: { files: maxDocumentsPerRequest + 1 } })).toThrow(`${maxDocumentsPerRequest}`);
  });
});
