import { describe, expect, test } from 'vitest';
import { Base64Error } from '../../src/wire/base64-decoder.ts';
import { ContentExtractor } from '../../src/wire/content-extractor.ts';

interface Parsed {
  base64Content: string;
}

function extract(text: string, pieceLength: number): { value: unknown; extractor: ContentExtractor } {
  const extractor = new ContentExtractor();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceLength) extractor.push(bytes.subarray(at, at + pieceLength));
  return { value: JSON.parse(extractor.json()), extractor };
}

const content = Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 7) % 256));
const base64 = content.toString('base64');

describe('the extraction of contents from JSON', () => {
  const texts = {
    compact: JSON.stringify({ a: 1, base64Content: base64, z: 'end' }),
    spaced: `{ "a" : 1 , "base64Content" \n : \t "${base64}" , "z" : "end" }`,
    'slashes escaped': JSON.stringify({ a: 1, base64Content: base64, z: 'end' }).replaceAll('/', '\\/'),
    'padding escaped': JSON.stringify({ a: 1, base64Content: base64, z: 'end' }).replaceAll('=', '\\u003d'),
    'everything escaped': `{"a":1,"base64Content":"${escaped(base64)}","z":"end"}`,
    'key escaped': `{"a":1,"base64C\\u006fntent":"${base64}","z":"end"}`,
  };

  test.each(Object.entries(texts))('handles %s, split at any position', (_name, text) => {
    for (const pieceLength of [1, 2, 3, 5, 7, 64, text.length]) {
      const { value, extractor } = extract(text, pieceLength);
      expect(value).toMatchObject({ a: 1, z: 'end' });
      expect(extractor.contentOf((value as Parsed).base64Content).equals(content)).toBe(true);
    }
  });

  test('ignores text that only looks like a content', () => {
    const tricky = {
      'x base64Content': 'x',
      base64ContentX: 'y',
      base64Conten: 'z',
      value: 'base64Content',
      list: ['base64Content', ':', 'text'],
      quoted: '"base64Content":"AAAA"',
      unicode: 'çãé €',
    };
    const text = JSON.stringify(tricky);
    for (const pieceLength of [1, 3, text.length]) expect(extract(text, pieceLength).value).toEqual(tricky);
  });

  test('accepts an empty content and null', () => {
    const { value, extractor } = extract('{"base64Content":""}', 4);
    expect(extractor.contentOf((value as Parsed).base64Content)).toHaveLength(0);
    expect(extract('{"base64Content":null,"x":"y"}', 4).value).toEqual({ base64Content: null, x: 'y' });
  });

  test.each(['A', 'AA=A', '=AAA', 'AAAA=', 'AA==AAAA', 'A\\nAAA', 'ÀAAA'])('refuses %s', (text) => {
    for (const pieceLength of [1, 100]) {
      const { value, extractor } = extract(`{"base64Content":"${text}"}`, pieceLength);
      expect(() => extractor.contentOf((value as Parsed).base64Content)).toThrow(Base64Error);
    }
  });
});

function escaped(text: string): string {
  return [...text].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}
