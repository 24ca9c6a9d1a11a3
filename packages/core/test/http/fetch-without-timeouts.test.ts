import { afterEach, describe, expect, it } from 'vitest';
import { fetchWithoutTimeouts } from '../../src/http/fetch-without-timeouts.ts';
import { serve } from './support/loopback.ts';

type Dispatcher = { constructor: new (options: object) => Dispatcher; close(): Promise<void> };
const runtime = globalThis as unknown as Record<symbol, Dispatcher>;
await fetch('data:,');
const slot = Symbol.for(`undici.globalDispatcher.${Number.parseInt(process.versions.undici ?? '', 10) >= 8 ? 2 : 1}`);
const original = runtime[slot] as Dispatcher;

afterEach(async () => {
  const used = runtime[slot] as Dispatcher;
  runtime[slot] = original;
  if (used !== original) await used.close();
});

describe('the default fetch', () => {
  it('waits longer than the runtime would for the headers and for the next chunk', async () => {
    // The runtime's limits are 300 s; shortened here to the least it can count, about one second.
    runtime[slot] = new original.constructor({ headersTimeout: 100, bodyTimeout: 100 });
    const url = await serve((request, response) => {
      request.resume();
      setTimeout(() => response.writeHead(200).write('a'), request.url === '/head' ? 1600 : 0);
      setTimeout(() => response.end('b'), 1700);
    });
    const inTime = (path: string, by: typeof fetch) =>
      by(url + path, { method: 'POST', body: 'x' }).then((response) => response.text());
    const results = await Promise.allSettled([
      inTime('/head', fetch),
      inTime('/body', fetch),
      inTime('/head', fetchWithoutTimeouts),
      inTime('/body', fetchWithoutTimeouts),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
    expect(results[3]).toMatchObject({ value: 'ab' });
  });
});
