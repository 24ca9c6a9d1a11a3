import { expect, it } from 'vitest';
import { encryptedPdf, isSignedVersionOf, pdfs, simplePdf } from '../src/index.ts';

it('makes complete PDFs that differ by their text', () => {
  const [first, second] = pdfs(2);
  expect(first?.bytes.equals(second!.bytes)).toBe(false);
  for (const pdf of [simplePdf('a (b) \\ c'), encryptedPdf()]) {
    const text = pdf.toString('latin1');
    const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
    expect(text.slice(start, start + 4)).toBe('xref');
    expect(text.includes('/Encrypt')).toBe(pdf.equals(encryptedPdf()));
  }
});

it('recognises a signed version only if it covers everything and starts with the original', () => {
  const original = simplePdf();
  const tail = (length: number) => `1 0 obj << /ByteRange [0 10 20 ${length}] >> endobj\n`;
  const total = original.byteLength + tail(100).length;
  const signed = Buffer.concat([original, Buffer.from(tail(total - 20).padEnd(tail(100).length))]);
  expect(isSignedVersionOf(signed, original)).toBe(true);
  expect(isSignedVersionOf(Buffer.concat([signed, Buffer.from(' ')]), original)).toBe(false);
  expect(isSignedVersionOf(signed, simplePdf('other'))).toBe(false);
  expect(isSignedVersionOf(original, original)).toBe(false);
});
