import { expect, test } from 'vitest';
import { interleave } from '../src/in-turns.ts';
import { ReferenceScanner } from '../src/sink/reference-scanner.ts';
import { sealedContent, sealedContents } from '../src/sink/sealed-content.ts';
import { median, spread } from '../src/statistics.ts';

test('medians and spreads', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  expect(spread([8, 10, 12])).toBe(0.2);
  expect(() => median([])).toThrow(RangeError);
});

test('contenders run in turns, each round beginning with another, and not again once they failed', async () => {
  const order: string[] = [];
  const contender = (name: string, results: (number | string)[]) => ({
    name,
    run: async () => {
      order.push(name);
      const next = results.shift() ?? 0;
      return typeof next === 'string' ? { failed: next } : { ms: next };
    },
  });
  const standings = await interleave([contender('a', [99, 1, 2, 9]), contender('b', [5, 'RangeError'])], 3);
  // The first run is a warm-up.
  expect(order.join('')).toBe('aabbaa');
  expect(standings.get('a')?.ms).toBe(2);
  expect(standings.get('b')?.failure).toBe('RangeError');
});

test('references are found wherever the chunks of a request are cut', () => {
  const references = ['request', ...Array.from({ length: 30 }, (_, index) => `reference-${index}`)];
  const filler = 'x'.repeat(700);
  const body = Buffer.from(
    references.map((reference) => `{"externalReference":"${reference}","c":"${filler}"}`).join(),
  );
  for (const size of [1, 7, 100, 511, 512, 513, 1_000, 4_096, body.length]) {
    const scanner = new ReferenceScanner();
    for (let at = 0; at < body.length; at += size) scanner.take(body.subarray(at, at + size));
    expect(scanner.found, `chunks of ${size}`).toEqual(references);
  }
});

test.each([200, 384, 5_000])('contents of %i bytes are the same in base64, put together from two parts', (bytes) => {
  const [head, rest] = sealedContents(bytes)('reference-1');
  expect(Buffer.from(head + rest.toString('latin1'), 'base64').equals(sealedContent('reference-1', bytes))).toBe(true);
});
