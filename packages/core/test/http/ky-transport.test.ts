import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AbortedError,
  NetworkError,
  type SignStashError,
  TimeoutError,
  ValidationError,
} from '../../src/errors/errors.ts';
import { KyTransport } from '../../src/http/ky-transport.ts';
import { version } from '../../src/http/user-agent.ts';
import type { RequestBody, TransportRequest } from '../../src/signing/transport.ts';
import { answer, deadUrl, readAll, recorder, serve, serveRaw } from './support/loopback.ts';

const transport = new KyTransport();
const get = (url: string, more: Partial<TransportRequest> = {}): TransportRequest => ({
  endpoint: 'status',
  method: 'GET',
  url,
  headers: { accept: 'application/json' },
  timeoutMs: 10_000,
  ...more,
});
const post = (url: string, body: RequestBody, more: Partial<TransportRequest> = {}): TransportRequest =>
  get(url, { endpoint: 'sign', method: 'POST', body, ...more });

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

/** Collects garbage and lets finalizers run. */
async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    gc();
    await wait(10);
  }
}

/** A body of `count` pieces of 64 KiB that records how far it was read and whether it was closed. */
function pieces(count: number, beforePiece: (index: number) => void | Promise<void> = () => {}) {
  const state = { read: 0, begun: 0, closed: 0 };
  const body: RequestBody = {
    contentType: 'application/json',
    contentLength: count * 65_536,
    async *read() {
      state.begun++;
      try {
        for (let index = 0; index < count; index++) {
          await beforePiece(index);
          state.read++;
          yield new Uint8Array(65_536).fill(97);
        }
      } finally {
        state.closed++;
      }
    },
  };
  return { body, state };
}

const text = (value: string): RequestBody => ({
  contentType: 'text/plain',
  contentLength: Buffer.byteLength(value),
  async *read() {
    yield Buffer.from(value);
  },
});

async function failure(promise: Promise<unknown>): Promise<SignStashError> {
  return promise.then(
    () => Promise.reject(new Error('It should have failed.')),
    (error: SignStashError) => error,
  );
}

async function eventually(condition: () => boolean): Promise<void> {
  const end = Date.now() + 5000;
  while (!condition() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}

describe('a request', () => {
  it('is sent with Content-Length, never chunked, even if its body is read piece by piece', async () => {
    let raw = '';
    const url = await serveRaw((socket) => {
      socket.on('data', (data) => {
        raw += data.toString('latin1');
        if (raw.length > 2 * 65_536) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      });
    });
    const response = await transport.send(post(`${url}/sign`, pieces(2).body));
    expect(await readAll(response.body)).toBe('ok');
    const [head = '', body = ''] = raw.split('\r\n\r\n');
    expect(head).toMatch(/^POST \/sign HTTP\/1\.1\r\n/);
    expect(head).toMatch(/\r\ncontent-length: 131072/i);
    expect(head).not.toMatch(/transfer-encoding/i);
    expect(head).toMatch(/\r\ncontent-type: application\/json/i);
    expect(body).toBe('a'.repeat(131_072));
  });

  it('arrives byte for byte, however it is split', async () => {
    const { url, seen } = await recorder((response) => answer(response, 200, ''));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), async (chunks) => {
        const whole = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk.map((byte) => 32 + (byte % 90)))));
        const body: RequestBody = {
          contentType: 'text/plain',
          contentLength: whole.length,
          async *read() {
            let at = 0;
            for (const { length } of chunks) {
              yield new Uint8Array(whole.subarray(at, at + length));
              at += length;
            }
          },
        };
        await readAll((await transport.send(post(url, body))).body);
        expect(seen.at(-1)?.body).toBe(whole.toString());
        expect(seen.at(-1)?.headers['content-length']).toBe(String(whole.length));
      }),
      { numRuns: 50 },
    );
  });

  it('names this package and then the adapter in its User-Agent', async () => {
    const { url, seen } = await recorder((response) => answer(response, 200, ''));
    await transport.send(get(url));
    await new KyTransport({ userAgent: 'signstash-action/1.2.0\r\nx: y' }).send(get(url));
    const own = `signstash-connect/${version} (+https://github.com/signstash-connect/signstash-connect)`;
    expect(seen.map(({ headers }) => headers['user-agent'])).toEqual([own, `${own} signstash-action/1.2.0x: y`]);
  });

  it('contains the version of package.json', () => {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    expect(version).toBe((JSON.parse(manifest) as { version: string }).version);
  });
});

describe('a large request', () => {
  it('is not kept in memory', async () => {
    const url = await serve((request, response) => request.resume().on('end', () => answer(response, 200, {})));
    await collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const { body } = pieces(5_000, async (index) => {
      if (index % 500 !== 499) return;
      await collectGarbage();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    });
    const response = await transport.send(post(url, body, { timeoutMs: 60_000 }));
    await readAll(response.body);
    // 313 MB were sent.
    expect(most).toBeLessThan(32 * 1024 * 1024);
  });

  it.each([301, 302, 307])(
    'that is redirected by %i is sent once, and the error reports the redirect',
    async (status) => {
      const { url, seen } = await recorder((response) => answer(response, status, '', { location: '/login' }));
      const error = await failure(transport.send(post(url, text('hello'))));
      expect(error).toMatchObject({ code: 'PROTOCOL_UNEXPECTED', message: expect.stringContaining('redirect') });
      expect(seen).toHaveLength(1);
    },
  );
});

describe('an answer', () => {
  it.each([200, 204, 301, 302, 307, 400, 401, 403, 404, 408, 413, 421, 429, 500, 502, 503, 504])(
    'of status %i is returned after one attempt',
    async (status) => {
      const { url, seen } = await recorder((response) =>
        answer(response, status, status === 204 ? '' : 'said', { location: '/elsewhere', 'X-Some': 'Thing' }),
      );
      // A redirect of a request with a body is no answer: see "a large request".
      const redirect = status >= 300 && status < 400;
      const response = await transport.send(redirect ? get(url) : post(url, pieces(1).body));
      expect(response.status).toBe(status);
      expect(response.headers['x-some']).toBe('Thing');
      expect(await readAll(response.body)).toBe(status === 204 ? '' : 'said');
      expect(seen).toHaveLength(1);
    },
  );

  it('is decompressed and has no Content-Length of the compressed body', async () => {
    const url = await serve((_, response) => {
      const packed = gzipSync('x'.repeat(5000));
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed);
    });
    const response = await transport.send(get(url));
    expect(await readAll(response.body)).toBe('x'.repeat(5000));
    expect(response.headers).not.toHaveProperty('content-length');
    expect(response.headers).not.toHaveProperty('content-encoding');
  });

  it('is read only as fast as its reader', async () => {
    let written = 0;
    const url = await serve(async (_, response) => {
      for (; written < 400; written++) {
        if (!response.write(Buffer.alloc(65_536))) await new Promise((resolve) => response.once('drain', resolve));
        if (response.destroyed) return;
      }
      response.end();
    });
    const { body } = await transport.send(get(url));
    const chunks = body[Symbol.asyncIterator]();
    await chunks.next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(written).toBeLessThan(300);
    await chunks.return?.();
  });
});

describe('an answer that arrives before the request is completely sent', () => {
  const large = 'HTTP/1.1 413 Payload Too Large\r\ncontent-length: 9\r\nconnection: close\r\n\r\ntoo large';

  it.each<[string, (end: (text: string) => void, destroy: () => void) => void]>([
    ['closes its side', (end) => end(large)],
    [
      'closes at once',
      (end, destroy) => {
        end(large);
        setTimeout(destroy, 1);
      },
    ],
    [
      'closes a little later',
      (end, destroy) => {
        end(large);
        setTimeout(destroy, 50);
      },
    ],
  ])('is received, and the source is closed, if the server %s', async (_, act) => {
    const url = await serveRaw((socket) => {
      socket.once('data', () => {
        socket.pause();
        act(
          (data) => socket.end(data),
          () => socket.destroy(),
        );
      });
    });
    const { body, state } = await Promise.resolve(pieces(800));
    const response = await transport.send(post(url, body));
    expect(response.status).toBe(413);
    expect(await readAll(response.body)).toBe('too large');
    expect(state.read).toBeLessThan(800);
    await eventually(() => state.closed === 1);
  });
});

describe('a failure before anything is sent', () => {
  const unreachable = async (url: string) => {
    const { body, state } = pieces(1);
    const error = await failure(transport.send(post(url, body)));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ code: 'NETWORK_UNREACHABLE', retryable: true });
    await eventually(() => state.closed === state.begun);
    return error;
  };

  it('is known as such: connection refused', async () => {
    expect((await unreachable(await deadUrl())).message).toMatch(/^sign at 127\.0\.0\.1:\d+: .*\(ECONNREFUSED\)/);
  });

  it('is known as such: connection refused on any of several addresses', async () => {
    const url = (await deadUrl()).replace('127.0.0.1', 'localhost');
    expect((await unreachable(url)).message).toContain('ECONNREFUSED');
  });

  it('is known as such: no such host', async () => {
    expect((await unreachable('http://no-such-host.invalid/')).message).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  it('is known as such: a port that fetch refuses', async () => {
    await unreachable('http://127.0.0.1:6000/');
  });

  it('is known as such: plain http behind an https address', async () => {
    const url = await serve((_, response) => response.end());
    await unreachable(url.replace('http:', 'https:'));
  });

  it('is known as such: an interrupted TLS handshake', async () => {
    const url = await serveRaw((socket) => socket.once('data', () => socket.destroy()));
    await unreachable(url.replace('http:', 'https:'));
  });
});

describe('a failure that may come after something was sent', () => {
  const interrupted = async (promise: Promise<unknown>) => {
    const error = await failure(promise);
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ code: 'NETWORK_INTERRUPTED', retryable: true });
  };

  it('is reported as an interruption: the connection closes without an answer', async () => {
    const url = await serveRaw((socket) => socket.once('data', () => socket.destroy()));
    await interrupted(transport.send(get(url)));
    await interrupted(transport.send(post(url, pieces(3).body)));
  });

  it('is reported as an interruption: the connection is reset in the middle of the upload', async () => {
    const url = await serveRaw((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const { body, state } = pieces(100);
    await interrupted(transport.send(post(url, body)));
    await eventually(() => state.closed === 1);
  });

  it('is reported as an interruption: the answer is not HTTP', async () => {
    const url = await serveRaw((socket) => socket.once('data', () => socket.end('220 mail.example ESMTP\r\n')));
    await interrupted(transport.send(get(url)));
  });

  it.each([
    ['shorter than its Content-Length', 'content-length: 100\r\n\r\n{"id":1'],
    ['without its last chunk', 'transfer-encoding: chunked\r\n\r\n7\r\n{"id":1\r\n'],
  ])('is reported as an interruption: the answer is %s', async (_, rest) => {
    const url = await serveRaw((socket) => socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${rest}`)));
    const response = await transport.send(get(url));
    await interrupted(readAll(response.body));
  });

  it('is reported as an interruption: the body differs in length from its Content-Length', async () => {
    const { url } = await recorder((response) => answer(response, 200, ''));
    await interrupted(transport.send(post(url, { ...text('four'), contentLength: 5 })));
    await interrupted(transport.send(post(url, { ...text('four'), contentLength: 3 })));
  });
});

describe('the deadline', () => {
  it.each<[string, string]>([
    ['no answer', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\n'],
  ])('applies to the head: %s', async (_, sent) => {
    const url = await serveRaw((socket) => socket.once('data', () => socket.write(sent)));
    const { body, state } = pieces(1);
    const error = await failure(transport.send(post(url, body, { timeoutMs: 60 })));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.message).toContain('no complete answer within 60 ms');
    await eventually(() => state.closed === 1);
  });

  it('applies to the body of the answer', async () => {
    const url = await serve((_, response) => response.writeHead(200).write('{'));
    const response = await transport.send(get(url, { timeoutMs: 80 }));
    expect(await failure(readAll(response.body))).toBeInstanceOf(TimeoutError);
  });

  it('applies to an answer that outlives its request', async () => {
    const url = await serve((_, response) => response.writeHead(200).write('{'));
    const { body } = await transport.send(get(url, { timeoutMs: 500 }));
    const chunks = body[Symbol.asyncIterator]();
    await chunks.next();
    await collectGarbage();
    expect(await failure(chunks.next())).toBeInstanceOf(TimeoutError);
  });

  it('applies to a source that hangs', async () => {
    const { url } = await recorder((response) => answer(response, 200, ''));
    const { body } = pieces(2, (index) => (index === 1 ? new Promise(() => {}) : undefined));
    expect(await failure(transport.send(post(url, body, { timeoutMs: 60 })))).toBeInstanceOf(TimeoutError);
  });

  it('may be longer than the longest timer', async () => {
    const { url } = await recorder((response) => answer(response, 200, 'ok'));
    const response = await transport.send(get(url, { timeoutMs: Number.MAX_SAFE_INTEGER }));
    expect(await readAll(response.body)).toBe('ok');
  });
});

describe('the caller’s signal', () => {
  it('ends a request that waits', async () => {
    const stop = new AbortController();
    const url = await serve(() => stop.abort(new Error('enough')));
    const error = await failure(transport.send(get(url, { signal: stop.signal })));
    expect(error).toBeInstanceOf(AbortedError);
    expect(error.cause).toMatchObject({ message: 'enough' });
  });

  it('ends an upload, and closes its source', async () => {
    const stop = new AbortController();
    const url = await serve((request) => request.resume());
    const { body, state } = pieces(50, (index) => {
      if (index === 10) stop.abort();
    });
    expect(await failure(transport.send(post(url, body, { signal: stop.signal })))).toBeInstanceOf(AbortedError);
    await eventually(() => state.closed === 1);
    expect(state.read).toBeLessThan(50);
  });

  it('ends an answer that is being read', async () => {
    const stop = new AbortController();
    const url = await serve((_, response) => response.writeHead(200).write('{'));
    const { body } = await transport.send(get(url, { signal: stop.signal }));
    const chunks = body[Symbol.asyncIterator]();
    await chunks.next();
    stop.abort('plain text');
    const error = await failure(chunks.next());
    expect(error).toBeInstanceOf(AbortedError);
    expect(error.cause).toBe('plain text');
  });

  it('ends an answer that outlives its request', async () => {
    const stop = new AbortController();
    const url = await serve((_, response) => response.writeHead(200).write('{'));
    const { body } = await transport.send(get(url, { signal: stop.signal }));
    const chunks = body[Symbol.asyncIterator]();
    await chunks.next();
    await collectGarbage();
    stop.abort();
    expect(await failure(chunks.next())).toBeInstanceOf(AbortedError);
  });

  it('prevents sending if it has fired already', async () => {
    const { url, seen } = await recorder((response) => answer(response, 200, ''));
    const { body, state } = pieces(1);
    const error = await failure(transport.send(post(url, body, { signal: AbortSignal.abort() })));
    expect(error).toBeInstanceOf(AbortedError);
    expect(seen).toHaveLength(0);
    expect(state.begun).toBe(state.closed);
  });
});

describe('a source that fails', () => {
  it.each([0, 1, 5])('fails the call with its own error, after %i pieces', async (after) => {
    const { url } = await recorder((response) => answer(response, 200, ''));
    const changed = new ValidationError('DOCUMENT_CHANGED', 'a.pdf changed', { document: 'a.pdf' });
    const { body } = pieces(8, (index) => {
      if (index === after) throw changed;
    });
    expect(await failure(transport.send(post(url, body)))).toBe(changed);
  });

  it('fails the call with its own error if it cannot be opened', async () => {
    const { url } = await recorder((response) => answer(response, 200, ''));
    const problem = new RangeError('no such file');
    const body: RequestBody = {
      ...text('abc'),
      read: () => {
        throw problem;
      },
    };
    expect(await failure(transport.send(post(url, body)))).toBe(problem);
  });
});

describe('a custom fetch', () => {
  it('is called with a plain URL and init, which any implementation accepts', async () => {
    const calls: Array<[unknown, RequestInit]> = [];
    const own = new KyTransport({
      fetch: async (url, init) => {
        calls.push([url, init]);
        return new Response('ok', { status: 201 });
      },
    });
    const response = await own.send(post('https://api.example/sign', text('hello')));
    expect(response.status).toBe(201);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.[0]).toBe('https://api.example/sign');
    expect(calls[0]?.[1]).toMatchObject({
      method: 'POST',
      redirect: 'error',
      // Node 24.14 and 24.15 fail on a 401 to a streamed body without this.
      credentials: 'omit',
      headers: { 'content-length': '5', 'content-type': 'text/plain' },
    });
  });

  it('may throw any value', async () => {
    const own = new KyTransport({ fetch: () => Promise.reject('just a text') });
    const error = await failure(own.send(get('https://api.example/')));
    expect(error).toMatchObject({ code: 'NETWORK_INTERRUPTED', cause: 'just a text' });
  });
});
