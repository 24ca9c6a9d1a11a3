import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseReferencePattern, type ReferenceFile } from '../../src/references/reference-pattern.ts';
import { invoicePdf } from './invoices.ts';

const sha256 = 'ab'.repeat(32);
const file = (name: string, more: Partial<ReferenceFile> = {}): ReferenceFile => ({
  path: `/data/${name}`,
  name,
  sha256,
  clientId: 'acme',
  ...more,
});
const resolve = (pattern: string, ...parameters: Parameters<typeof file>) =>
  parseReferencePattern(pattern).resolve(file(...parameters));
const invoice = (atcud: string, nif = '599999993') =>
  invoicePdf({
    lines: [
      [`NIF ${nif}`, 60, 780],
      [`ATCUD: ${atcud}`, 60, 60],
    ],
  });

describe('a reference pattern', () => {
  it.each([
    ['{client}-{sha256}', 'in/a.pdf', `acme-${sha256}`],
    ['{name}', 'in/FT.2026-1.pdf', 'FT.2026-1'],
    ['{name}', '.hidden', '.hidden'],
    ['{path}', 'in/2026/FT1.pdf', 'in:2026:FT1.pdf'],
    ['{path}', '/outside/FT1.pdf', 'outside:FT1.pdf'],
    ['v2:{client}@{name}_x', 'FT1.pdf', 'v2:acme@FT1_x'],
  ])('turns %s into the reference of %s', async (pattern, name, reference) => {
    expect(await resolve(pattern, name)).toBe(reference);
  });

  it('replaces characters that references may not have, and keeps different names different', async () => {
    const names = ['Fatura nº 1.pdf', 'Fatura n° 1.pdf', 'Fatura-n-1.pdf'];
    const references = await Promise.all(names.map((name) => resolve('{name}', name)));
    expect(references[0]).toMatch(/^Fatura-n-1-[0-9a-f]{8}$/);
    expect(references[2]).toBe('Fatura-n-1');
    expect(new Set(references).size).toBe(3);
    expect(await resolve('{path}', 'a:b.pdf')).not.toBe(await resolve('{path}', 'a/b.pdf'));
  });

  it('gives composed and decomposed forms of a name the same reference', async () => {
    expect(await resolve('{name}', 'ação.pdf'.normalize('NFD'))).toBe(
      await resolve('{name}', 'ação.pdf'.normalize('NFC')),
    );
  });

  it.each([
    ['{nif}', '{nif} is unknown; the placeholders are {client}, {name}, {path}, {sha256}, {atcud}'],
    ['{Name}', '{Name} is unknown'],
    ['{}', '{} is unknown'],
    ['{name', 'a brace has no counterpart'],
    ['name}', 'a brace has no counterpart'],
    ['{{name}}', 'a brace has no counterpart'],
    ['{client}/{name}', 'references may not have "/"'],
    ['fatura {name}', 'references may not have " "'],
    [`${'x'.repeat(256)}{name}`, 'at most 255 characters'],
    ['{client}-x', 'all files would have the same reference'],
    ['', 'all files would have the same reference'],
  ])('is refused if it is %s', (pattern, reason) => {
    const act = () => parseReferencePattern(pattern);
    expect(act).toThrow(reason);
    expect(act).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID', setting: 'referencePattern' }));
  });

  it('refuses a reference of more than 255 characters and names the file', async () => {
    const name = `${'x'.repeat(200)}.pdf`;
    expect(await resolve(`${'p'.repeat(55)}{name}`, name)).toHaveLength(255);
    await expect(resolve(`${'p'.repeat(56)}{name}`, name)).rejects.toMatchObject({
      code: 'REFERENCE_INVALID',
      message: expect.stringContaining(`${name}: its external reference by the pattern`),
      document: name,
    });
  });

  it('refuses issuers that are not tax numbers', () => {
    const act = () => parseReferencePattern('{atcud}', { issuers: ['599999993', '599999994'] });
    expect(act).toThrow('Invalid issuer "599999994": expected a Portuguese tax number');
  });
});

describe('{atcud}', () => {
  it('gives two renderings of an invoice the same reference', async () => {
    const first = await invoice('CSDF7T5H-35');
    const second = await invoicePdf({
      lines: [
        ['atcud: csdf7t5h-0035', 20, 20],
        ['NIPC: PT 599 999 993', 300, 700],
      ],
    });
    expect(createHash('sha256').update(first).digest('hex')).not.toBe(
      createHash('sha256').update(second).digest('hex'),
    );
    const references = await Promise.all(
      [first, second].map((content) => resolve('{client}-{atcud}', 'a.pdf', { content })),
    );
    expect(references).toEqual(['acme-599999993-CSDF7T5H-35', 'acme-599999993-CSDF7T5H-35']);
  });

  it('reads the file itself if no content is given', async () => {
    const path = new URL('../../../sandbox/test/fixtures/hybrid.pdf', import.meta.url).pathname;
    expect(await resolve('{atcud}', 'hybrid.pdf', { path })).toBe('599999993-EXEMPLO1-5');
  });

  it('refuses the same invoice in another file of the run and names both files', async () => {
    const pattern = parseReferencePattern('{atcud}-{name}');
    const run = new Map<string, string>();
    const content = await invoice('CSDF7T5H-35');
    const original = file('original.pdf', { content });
    await pattern.resolve(original, run);
    await pattern.resolve(file('other.pdf', { content: await invoice('CSDF7T5H-36') }), run);
    await pattern.resolve(file('branch.pdf', { content: await invoice('CSDF7T5H-35', '500000000') }), run);
    await expect(pattern.resolve(file('duplicate.pdf', { content }), run)).rejects.toMatchObject({
      code: 'DUPLICATE_REFERENCE',
      message: 'duplicate.pdf and original.pdf are the same invoice: ATCUD CSDF7T5H-35 of issuer 599999993.',
    });
    expect(await pattern.resolve(original, run)).toBe('599999993-CSDF7T5H-35-original');
  });
});
