import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import type { SignedDocument } from '@signstash-connect/core';
import compression from 'compression';
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express';
import { describe, expect, it } from 'vitest';
import { problemDetails, type SignResponseOptions, signResponse, signstash } from '../src/index.ts';
import { majors } from './support/express-majors.ts';
import { listen } from './support/listen.ts';
import { invoice, invoicePath, isSigned, reasonOf, signatureCount } from './support/pdfs.ts';
import { exchange, openSocket } from './support/raw-request.ts';
import { useSandbox } from './support/sandbox.ts';
import { until } from './support/until.ts';

const setup = useSandbox();
const signed = () => setup.sandbox.admin.counts().documentsSigned;
const everything = compression({ filter: () => true, threshold: 0 });

describe.each(majors)('signResponse on %s', (_major, express) => {
  /** An application with one route behind `signResponse`, and what is registered before and after it. */
  const appWith = (
    route: RequestHandler,
    {
      options = {},
      before = [],
      after = [],
    }: { options?: SignResponseOptions; before?: RequestHandler[]; after?: RequestHandler[] } = {},
  ): Express => {
    const app = express();
    app.set('env', 'test');
    app.use(signstash({ client: setup.client() }), ...before, signResponse(options), ...after);
    app.get('/', route);
    app.use(problemDetails());
    return app;
  };

  const ways: Record<string, (req: Request, res: Response) => void> = {
    'res.send(Buffer)': (_req, res) => {
      res.type('pdf').send(invoice);
    },
    'res.send(Uint8Array)': (_req, res) => {
      res.type('pdf').send(new Uint8Array(invoice));
    },
    'res.sendFile': (_req, res) => res.sendFile(invoicePath),
    'res.download': (_req, res) => res.download(invoicePath, 'fatura.pdf'),
    'stream.pipe(res)': (_req, res) => {
      createReadStream(invoicePath, { highWaterMark: 512 }).pipe(res.type('pdf'));
    },
    'writeHead, write and end': (_req, res) => {
      res.writeHead(200, 'Fine', { 'Content-Type': 'application/pdf', 'Content-Length': invoice.byteLength });
      res.write(invoice.subarray(0, 100));
      res.write(invoice.subarray(100, 200).toString('latin1'), 'latin1');
      res.end(invoice.subarray(200));
    },
    'writeHead with a list of headers': (_req, res) => {
      res.writeHead(200, ['Content-Type', 'application/pdf', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'] as never);
      res.end(invoice);
    },
    flushHeaders: (_req, res) => {
      res.type('pdf').flushHeaders();
      res.end(invoice);
    },
    'bytes of no type': (_req, res) => {
      res.write(invoice.subarray(0, 3));
      res.end(invoice.subarray(3));
    },
    'application/octet-stream': (_req, res) => {
      res.send(invoice);
    },
  };

  it.each(Object.entries(ways))('signs a PDF sent by %s', async (_way, route) => {
    const answer = await fetch(await listen(appWith(route)));
    const body = await answer.bytes();
    expect(answer.status).toBe(200);
    expect(isSigned(body)).toBe(true);
    expect(answer.headers.get('content-length')).toBe(String(body.byteLength));
    for (const name of ['etag', 'last-modified', 'accept-ranges', 'transfer-encoding']) {
      expect(answer.headers.get(name), name).toBeNull();
    }
    expect(signed()).toBe(1);
  });

  it('keeps the headers and the file name that the route set', async () => {
    let record: SignedDocument | undefined;
    const options: SignResponseOptions = {
      options: async (req) => ({ reason: String(req.query.reason) }),
      onSigned: (document) => {
        record = document;
      },
    };
    const answer = await fetch(`${await listen(appWith(ways['res.download']!, { options }))}/?reason=Fatura`);
    expect(answer.headers.get('content-disposition')).toContain('fatura.pdf');
    expect(reasonOf(await answer.bytes())).toBe('Fatura');
    expect(record?.name).toBe('fatura.pdf');
    expect(record?.operationId).toMatch(/^\d+$/);
  });

  it('keeps every cookie of a list', async () => {
    const answer = await fetch(await listen(appWith(ways['writeHead with a list of headers']!)));
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  it.each([
    'application/pdf',
    'application/x-pdf',
    'application/acrobat',
    'application/vnd.pdf',
    'application/vnd.adobe.pdf',
    'text/pdf',
    'text/x-pdf',
    'Text/PDF; charset=utf-8',
    'application/force-download',
  ])('signs the type %s', async (type) => {
    const url = await listen(appWith((_req, res) => void res.writeHead(200, { 'Content-Type': type }).end(invoice)));
    expect(isSigned(await (await fetch(url)).bytes())).toBe(true);
  });

  it('signs a PDF sent with status 205, whose body Node sends', async () => {
    const url = await listen(
      appWith((_req, res) => void res.writeHead(205, { 'Content-Type': 'application/pdf' }).end(invoice)),
    );
    const raw = await exchange(url, 'GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n');
    expect(raw).toMatch(/^HTTP\/1\.1 205 /);
    expect(signatureCount(Buffer.from(raw, 'latin1'))).toBe(1);
  });

  it('passes an empty 205 response through', async () => {
    const url = await listen(
      appWith((_req, res) => void res.writeHead(205, { 'Content-Type': 'application/pdf' }).end()),
    );
    expect((await fetch(url)).status).toBe(205);
    expect(signed()).toBe(0);
  });

  describe('passes through unsigned', () => {
    it.each<[string, RequestHandler, string]>([
      ['JSON', (_req, res) => void res.json({ a: 1 }), '{"a":1}'],
      ['text', (_req, res) => void res.send('hello'), 'hello'],
      ['a file of another type', (_req, res) => void res.type('bin').send(Buffer.from('other')), 'other'],
      ['nothing', (_req, res) => void res.end(), ''],
      [
        'a PDF of an unsuccessful answer',
        (_req, res) => void res.status(404).type('pdf').send(Buffer.from('%PDF-')),
        '%PDF-',
      ],
    ])('%s', async (_what, route, text) => {
      expect(await (await fetch(await listen(appWith(route)))).text()).toBe(text);
      expect(setup.sandbox.admin.counts().requests.sign).toBe(0);
    });

    it('a body without Content-Type that is not a PDF, including everything written before that was known', async () => {
      const app = appWith((_req, res) => {
        res.write('%P');
        res.write('x'.repeat(2_000));
        res.end('end');
      });
      expect(await (await fetch(await listen(app))).text()).toBe(`%P${'x'.repeat(2_000)}end`);
    });

    it('server-sent events, without delay', async () => {
      const app = appWith((_req, res) => {
        res.type('text/event-stream').flushHeaders();
        res.write('data: 1\n\n');
      });
      const reader = (await fetch(await listen(app))).body!.getReader();
      expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: 1\n\n');
      await reader.cancel();
    });

    it('responses that `when` excludes', async () => {
      const options: SignResponseOptions = { when: (req) => req.query.sign === 'yes' };
      const url = await listen(appWith(ways['res.sendFile']!, { options }));
      expect(signatureCount(await (await fetch(url)).bytes())).toBe(0);
      expect(signatureCount(await (await fetch(`${url}/?sign=yes`)).bytes())).toBe(1);
    });

    it('responses that res.signPdf or another signResponse has signed', async () => {
      const explicit = await fetch(await listen(appWith((_req, res) => void res.signPdf(invoice))));
      expect(signatureCount(await explicit.bytes())).toBe(1);
      const twice = await fetch(await listen(appWith(ways['res.sendFile']!, { after: [signResponse()] })));
      expect(signatureCount(await twice.bytes())).toBe(1);
      expect(setup.sandbox.admin.counts().requests.sign).toBe(1);
    });
  });

  describe('conditions, ranges and HEAD', () => {
    it('never responds with 304 or a range of the unsigned file', async () => {
      const url = await listen(appWith(ways['res.sendFile']!));
      const plain = express();
      plain.get('/', ways['res.sendFile']!);
      const unsigned = await fetch(await listen(plain));
      const conditions: Record<string, string>[] = [
        { 'If-None-Match': unsigned.headers.get('etag')! },
        { 'If-Modified-Since': new Date().toUTCString() },
        { Range: 'bytes=0-99' },
        { Range: 'bytes=0-99', 'If-Range': unsigned.headers.get('etag')! },
      ];
      for (const headers of conditions) {
        const answer = await fetch(url, { headers });
        expect(answer.status, JSON.stringify(headers)).toBe(200);
        expect(signatureCount(await answer.bytes())).toBe(1);
      }
    });

    it('fails if the route responds with a range', async () => {
      const app = appWith((_req, res) => void res.status(206).type('pdf').send(invoice.subarray(0, 100)));
      expect(await (await fetch(await listen(app))).json()).toMatchObject({ status: 500, code: 'RESPONSE_PARTIAL' });
    });

    it.each(['res.send(Buffer)', 'res.sendFile', 'res.download'])(
      'responds to HEAD of %s without signing',
      async (way) => {
        const answer = await fetch(await listen(appWith(ways[way]!)), { method: 'HEAD' });
        expect(answer.status).toBe(200);
        expect(answer.headers.get('content-type')).toBe('application/pdf');
        for (const name of ['content-length', 'etag', 'last-modified'])
          expect(answer.headers.get(name), name).toBeNull();
        expect(setup.sandbox.admin.counts().requests.sign).toBe(0);
      },
    );

    it('passes 204 through', async () => {
      const answer = await fetch(await listen(appWith((_req, res) => void res.status(204).type('pdf').end())));
      expect(answer.status).toBe(204);
    });
  });

  describe('compression', () => {
    it.each(Object.entries(ways))('happens after signing if it is registered before (%s)', async (_way, route) => {
      const url = await listen(appWith(route, { before: [everything] }));
      const raw = await exchange(url, 'GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n');
      expect(raw).toMatch(/content-encoding: gzip/i);
      const zipped = Buffer.from(raw.slice(raw.indexOf('\r\n\r\n') + 4), 'latin1');
      expect(isSigned(gunzipSync(zipped))).toBe(true);
    });

    it.each(Object.entries(ways))('fails the request if it is registered after (%s)', async (_way, route) => {
      const url = await listen(appWith(route, { after: [everything] }));
      const answer = await fetch(url, { headers: { 'Accept-Encoding': 'gzip' } });
      expect(answer.status).toBe(500);
      expect(answer.headers.get('content-encoding')).toBeNull();
      expect(await answer.json()).toMatchObject({ code: 'RESPONSE_ALREADY_ENCODED' });
      expect(setup.sandbox.admin.counts().requests.sign).toBe(0);
    });

    it('may be registered after if it has nothing to compress', async () => {
      const url = await listen(appWith(ways['stream.pipe(res)']!, { after: [compression()] }));
      expect(signatureCount(await (await fetch(url)).bytes())).toBe(1);
    });

    it('keeps headers that another middleware adds just before they are sent', async () => {
      const cookie: RequestHandler = (_req, res, next) => {
        const { writeHead } = res;
        res.writeHead = function (this: Response, ...parameters: unknown[]) {
          res.setHeader('Set-Cookie', 'session=1');
          return (writeHead as (...given: unknown[]) => Response).apply(this, parameters);
        } as never;
        next();
      };
      const answer = await fetch(await listen(appWith(ways['res.sendFile']!, { after: [cookie] })));
      expect(answer.headers.getSetCookie()).toEqual(['session=1']);
    });
  });

  describe('sends no unsigned document', () => {
    const problem = async (app: Express, init?: RequestInit) => {
      const answer = await fetch(await listen(app), init);
      const text = await answer.text();
      expect(text).not.toContain('%PDF');
      for (const name of ['content-disposition', 'etag', 'last-modified', 'accept-ranges']) {
        expect(answer.headers.get(name), name).toBeNull();
      }
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      return JSON.parse(text) as { status: number; code: string };
    };

    it.each(Object.entries(ways))("if Sign'Stash fails (%s)", async (_way, route) => {
      setup.sandbox.admin.addFault({ kind: 'reject', endpoint: 'sign', status: 403, errorCode: 'FORBIDDEN' });
      expect(await problem(appWith(route))).toMatchObject({ status: 502, code: 'SERVICE_REJECTED' });
    });

    it('if the PDF is larger than the limit', async () => {
      const options = { maxBytes: 1_000 };
      for (const way of ['res.send(Buffer)', 'stream.pipe(res)', 'res.sendFile', 'bytes of no type']) {
        expect(await problem(appWith(ways[way]!, { options })), way).toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
      }
    });

    it('if it is far larger, and does not keep it in memory', async () => {
      const piece = Buffer.alloc(1024 * 1024, 'x');
      const before = process.memoryUsage().arrayBuffers;
      let most = 0;
      const app = appWith(
        (_req, res) => {
          const pieces = (function* () {
            yield invoice;
            for (let count = 0; count < 200; count++) {
              most = Math.max(most, process.memoryUsage().arrayBuffers - before);
              yield piece;
            }
          })();
          Readable.from(pieces).pipe(res.type('pdf'));
        },
        { options: { maxBytes: 1_000 } },
      );
      expect(await problem(app)).toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
      expect(most).toBeLessThan(120 * 1024 * 1024);
    });

    it('if signing fails after the route has finished', async () => {
      const order: string[] = [];
      const app = express().use(signstash({ client: setup.client() }), signResponse({ maxBytes: 10 }));
      app.get('/', (_req, res) => {
        res.type('pdf').end(invoice);
        order.push('route');
      });
      app.use(problemDetails({ onProblem: () => order.push('error handler') }));
      await fetch(await listen(app));
      expect(order).toEqual(['route', 'error handler']);
    });

    it('if the route wrote less than its Content-Length', async () => {
      const app = appWith((_req, res) => {
        res.set('Content-Length', String(invoice.byteLength)).type('pdf').end(invoice.subarray(0, 500));
      });
      expect(await problem(app)).toMatchObject({ code: 'RESPONSE_INCOMPLETE' });
    });

    it('if an error page is appended to half a document', async () => {
      const app = appWith((_req, res) => {
        res.type('pdf').write(invoice.subarray(0, 500));
        expect(res.headersSent).toBe(true);
        res.status(500).type('json').end('{"error":"half-way"}');
      });
      expect(await problem(app)).toMatchObject({ code: 'RESPONSE_CHANGED' });
    });

    it('if the Content-Type changes between two writes of a document', async () => {
      for (const type of ['text/plain', 'application/json', 'text/html']) {
        const app = appWith((_req, res) => {
          res.write(invoice.subarray(0, 3));
          res.setHeader('Content-Type', type);
          res.write(invoice.subarray(3, 500));
          res.end(invoice.subarray(500));
        });
        expect(await problem(app), type).toMatchObject({ code: 'RESPONSE_CHANGED' });
      }
    });

    it('if a header is set between two writes; it has no effect, as in Node', async () => {
      const app = appWith((_req, res) => {
        res.write(invoice.subarray(0, 3));
        expect(res.headersSent).toBe(true);
        res.end(invoice.subarray(3));
      });
      expect(isSigned(await (await fetch(await listen(app))).bytes())).toBe(true);
    });

    it('if the route fails half-way; the connection is closed, as without signing', async () => {
      const app = appWith((_req, res, next) => {
        res.type('pdf').write(invoice.subarray(0, 500));
        next(new Error('The database is gone.'));
      });
      await expect(fetch(await listen(app))).rejects.toThrow('fetch failed');
      expect(setup.sandbox.admin.counts().requests.sign).toBe(0);
    });

    it('if the body is not a PDF although its Content-Type is application/pdf', async () => {
      const app = appWith((_req, res) => void res.type('pdf').send('an error page'));
      expect(await problem(app)).toMatchObject({ status: 422, code: 'DOCUMENT_NOT_PDF' });
    });

    it('if `when`, `options` or `onSigned` throw', async () => {
      const thrower = () => {
        throw new Error('mine');
      };
      expect(await problem(appWith(ways['res.sendFile']!, { options: { when: thrower } }))).toMatchObject({
        code: 'OPTIONS_FAILED',
      });
      for (const options of [{ options: thrower }, { onSigned: thrower }]) {
        const answer = await fetch(await listen(appWith(ways['res.sendFile']!, { options })));
        expect(answer.status).toBe(500);
        expect(await answer.text()).not.toContain('%PDF');
      }
    });

    it('if no client is given', async () => {
      const app = express().use(signResponse());
      app.get('/', ways['res.sendFile']!);
      app.use(problemDetails());
      expect(await problem(app)).toMatchObject({ code: 'CLIENT_MISSING' });
    });
  });

  it('appears finished to the route while it is being signed', async () => {
    const seen: unknown[] = [];
    const app = appWith((_req, res) => {
      res.once('finish', () => seen.push('finish'));
      res.type('pdf').end(invoice, () => seen.push('callback'));
      seen.push(res.headersSent, res.writableEnded);
      // Too late, as after any end(): neither may change the response.
      res.status(500).set('Content-Type', 'text/plain');
      res.end('second');
      res.write('third');
    });
    const answer = await fetch(await listen(app));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/pdf');
    expect(signatureCount(await answer.bytes())).toBe(1);
    expect(seen).toEqual([true, true, 'finish', 'callback']);
  });

  it('accepts any amount without waiting for drain, and copies the buffers it is given', async () => {
    const app = appWith((_req, res) => {
      res.type('pdf');
      const buffer = Buffer.alloc(1_000);
      let at = 0;
      const more = (): void => {
        if (at >= invoice.byteLength) return void res.end();
        const length = invoice.copy(buffer, 0, at, at + buffer.byteLength);
        at += length;
        expect(res.write(buffer.subarray(0, length), more)).toBe(true);
        buffer.fill(0);
      };
      more();
    });
    expect(isSigned(await (await fetch(await listen(app))).bytes())).toBe(true);
  });

  it('signs several megabytes of a slow stream', async () => {
    const comment = Buffer.concat([Buffer.from('%'), Buffer.alloc(64 * 1024 - 2, 'x'), Buffer.from('\n')]);
    const end = invoice.subarray(invoice.lastIndexOf('startxref'));
    const app = appWith((_req, res) => {
      Readable.from([invoice, Buffer.from('\n'), ...Array<Buffer>(48).fill(comment), end]).pipe(res.type('pdf'));
    });
    expect((await (await fetch(await listen(app))).bytes()).byteLength).toBeGreaterThan(3 * 1024 * 1024);
  });

  it('stops when the caller disconnects, and calls no error handler', async () => {
    setup.sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', delayMs: 20_000 });
    let closed = false;
    const errors: unknown[] = [];
    const app = express().use(signstash({ client: setup.client() }), signResponse());
    app.get('/', (req, res) => {
      res.once('close', () => {
        closed = true;
      });
      ways['res.sendFile']!(req, res);
    });
    const onError: ErrorRequestHandler = (error, _req, _res, next) => {
      errors.push(error);
      next(error);
    };
    app.use(onError);
    const socket = await openSocket(await listen(app));
    socket.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    await until(() => setup.sandbox.admin.counts().requests.sign === 1);
    socket.destroy();
    await until(() => closed);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(errors).toEqual([]);
  });
});
