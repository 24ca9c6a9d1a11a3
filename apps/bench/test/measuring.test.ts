import { expect, test } from 'vitest';
import { interleave } from '../src/interleave.ts';
import { ValueScanner } from '../src/sink/value-scanner.ts';
import { median, spread } from '../src/statistics.ts';

test('computes medians and spreads', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  expect(spread([8, 10, 12])).toBe(0.2);
  expect(() => median([])).toThrow(RangeError);
});

test('clients are interleaved, each round starts with another one, and a failed one does not run again', async () => {
  const order: string[] = [];
  const contender = (name: string, results: (number | string)[]) => ({
    name,
    run: async () => {
      order.push(name);
      const next = results.shift() ?? 0;
      return typeof next === 'string' ? { failed: next } : { ms: next };
    },
  });
  const stats = await interleave([contender('a', [99, 1, 2, 9]), contender('b', [5, 'RangeError'])], 3);
  // The first run is a warm-up.
  expect(order.join('')).toBe('aabbaa');
  expect(stats.get('a')?.ms).toBe(2);
  expect(stats.get('b')?.failure).toBe('RangeError');
});

test('finds references however a request is split into chunks', () => {
  const references = ['request', ...Array.from({ length: 30 }, (_, index) => `reference-${index}`)];
  const filler = 'x'.repeat(700);
  const body = Buffer.from(
    references.map((reference) => `{"externalReference":"${reference}","c":"${filler}"}`).join(),
  );
  for (const size of [1, 7, 100, 511, 512, 513, 1_000, 4_096, body.length]) {
    const scanner = new ValueScanner('externalReference');
    for (let at = 0; at < body.length; at += size) scanner.add(body.subarray(at, at + size));
    expect(scanner.found, `chunks of ${size}`).toEqual(references);
  }
});
