import { expect, it } from 'vitest';
import { SeenKeys } from '../../src/batch/seen-keys.ts';

it('finds every key that was added, with the label of its first occurrence, and no other', () => {
  const seen = new SeenKeys();
  const count = 20_000;
  for (let index = 0; index < count; index++)
    expect(seen.add(`key-${index}`, `fatura ${index} ção.pdf`)).toBe(undefined);
  for (let index = 0; index < count; index++) {
    expect(seen.add(`key-${index}`, 'another')).toBe(`fatura ${index} ção.pdf`);
  }
  expect(seen.add(`key-${count}`)).toBe(undefined);
  expect(seen.add(`key-${count}`)).toBe('');
});

it('keeps at most 65,535 bytes of a label', () => {
  const seen = new SeenKeys();
  seen.add('a', 'x'.repeat(70_000));
  seen.add('b', 'next');
  expect(seen.add('a')).toBe('x'.repeat(65_535));
  expect(seen.add('b')).toBe('next');
});
