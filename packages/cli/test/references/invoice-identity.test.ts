import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { simplePdf } from '@signstash-connect/testing';
import { describe, expect, it } from 'vitest';
import { readInvoiceIdentity } from '../../src/references/invoice-identity.ts';
import { type InvoicePage, invoicePdf, qrPng, qrText } from './invoices.ts';

const fixtures = new URL('../../../sandbox/test/fixtures/', import.meta.url);
const read = async (pages: readonly InvoicePage[], issuers?: string[]) =>
  readInvoiceIdentity(await invoicePdf(...pages), 'in/a.pdf', issuers ? { issuers } : {});
const nif = ['Contribuinte n.º 599 999 993', 60, 780] as const;
const atcud = ['ATCUD: CSDF7T5H-35', 60, 60] as const;
const identity = { issuer: '599999993', atcud: 'CSDF7T5H-35' };

describe('the ATCUD in the text', () => {
  it.each([
    ['cairo.pdf', 'EXEMPLO1-1'],
    ['chromium.pdf', 'EXEMPLO1-1'],
    ['libreoffice.pdf', 'EXEMPLO1-1'],
    ['linearized.pdf', 'EXEMPLO1-1'],
    ['xref-stream.pdf', 'EXEMPLO1-1'],
    ['linearized-table.pdf', 'EXEMPLO1-2'],
    ['pdf-lib.pdf', 'EXEMPLO1-2'],
    ['rotated.pdf', 'EXEMPLO1-3'],
    ['signature-field.pdf', 'EXEMPLO1-4'],
    ['hybrid.pdf', 'EXEMPLO1-5'],
  ])('is read from %s, without the tax number of final consumers', async (name, expected) => {
    const content = await readFile(new URL(name, fixtures));
    const before = Buffer.from(content);
    expect(await readInvoiceIdentity(content, name)).toEqual({ issuer: '599999993', atcud: expected });
    expect(content.equals(before)).toBe(true);
  });

  it.each<[string, InvoicePage['lines']]>([
    ['after its label', [nif, atcud]],
    ['in small letters', [nif, ['atcud:csdf7t5h-35', 60, 60]]],
    ['on the line below its label', [nif, ['ATCUD:', 60, 80], ['CSDF7T5H-35', 60, 66]]],
    [
      'below its label in a table',
      [
        nif,
        ['Data', 60, 80],
        ['ATCUD', 160, 80],
        ['Total', 300, 80],
        ['2026-01-15', 60, 66],
        ['CSDF7T5H-35', 160, 66],
        ['9,00', 300, 66],
      ],
    ],
    ['with leading zeros', [nif, ['ATCUD: CSDF7T5H-0035', 60, 60]]],
    ['with a longer hyphen', [nif, ['ATCUD: CSDF7T5H–35', 60, 60]]],
    ['before other text', [nif, ['ATCUD:CSDF7T5H-35 Processado por programa certificado n.º 123/AT', 60, 60]]],
    ['beside an article number of the same form', [nif, ['ARTIGO123-7', 60, 400], atcud]],
  ])('is found %s', async (_, lines) => {
    expect(await read([{ lines: lines! }])).toEqual(identity);
  });

  it('may be on several pages of a file: original, duplicate and triplicate', async () => {
    const page = { lines: [nif, atcud] };
    expect(await read([page, page, { lines: [['Continuação', 60, 700]] }, page])).toEqual(identity);
  });
});

describe('the QR code', () => {
  it.each(['png', 'bits', 'mask'] as const)('is read from an image stored as %s', async (qrAs) => {
    expect(await read([{ qr: qrText('599999993', 'CSDF7T5H-35'), qrAs }])).toEqual(identity);
  });

  it.each(['squares', 'path', 'lines'] as const)('is read if it is drawn by %s', async (qrAs) => {
    expect(await read([{ lines: [nif], qr: qrText('599999993', 'CSDF7T5H-35'), qrAs }])).toEqual(identity);
  });

  it('says which of the tax numbers in the text is the issuer', async () => {
    const lines = [['NIF: 500000000', 60, 780], nif, atcud] as const;
    expect(await read([{ lines, qr: qrText('599999993', 'CSDF7T5H-35') }])).toEqual(identity);
  });

  it('is ignored if it is not an invoice', async () => {
    expect(await read([{ lines: [nif, atcud], qr: 'https://example.com/pay?H:CSDF7T5H-99*A:500000000' }])).toEqual(
      identity,
    );
    expect(await read([{ lines: [nif, atcud], qr: qrText('500000000', '0') }])).toEqual(identity);
  });

  it('is read on the last of several pages', async () => {
    expect(await read([{ lines: [['Capa', 60, 700]] }, { qr: qrText('599999993', 'CSDF7T5H-35') }])).toEqual(identity);
  });
});

describe('an invoice that cannot be identified', () => {
  const failure = (code: string, message: string) => ({ code, message });

  it.each<[string, readonly InvoicePage[], string[] | undefined, string, string]>([
    [
      'no ATCUD',
      [{ lines: [nif, ['ARTIGO123-7', 60, 60]] }],
      undefined,
      'ATCUD_NOT_FOUND',
      'in/a.pdf shows no ATCUD, neither in its text nor in a QR code.',
    ],
    [
      'an ATCUD with a short validation code',
      [{ lines: [nif, ['ATCUD: SHORT-1', 60, 60]] }],
      undefined,
      'ATCUD_NOT_FOUND',
      'in/a.pdf shows no ATCUD, neither in its text nor in a QR code.',
    ],
    [
      'two invoices',
      [{ lines: [nif, atcud] }, { lines: [nif, ['ATCUD: CSDF7T5H-36', 60, 60]] }],
      undefined,
      'ATCUD_AMBIGUOUS',
      'in/a.pdf shows 2 different ATCUDs: CSDF7T5H-35, CSDF7T5H-36.',
    ],
    [
      'a QR code of another invoice',
      [{ lines: [nif, atcud], qr: qrText('599999993', 'CSDF7T5H-9') }],
      undefined,
      'ATCUD_AMBIGUOUS',
      'in/a.pdf shows 2 different ATCUDs: CSDF7T5H-9, CSDF7T5H-35.',
    ],
    [
      'no tax number',
      [{ lines: [['NIF 123', 60, 80], atcud] }],
      undefined,
      'ISSUER_NOT_FOUND',
      'in/a.pdf shows no tax number.',
    ],
    [
      'a tax number with a wrong check digit',
      [{ lines: [['NIF 599999994', 60, 80], atcud] }],
      undefined,
      'ISSUER_NOT_FOUND',
      'in/a.pdf shows no tax number.',
    ],
    [
      'two tax numbers and no QR code',
      [{ lines: [nif, ['NIF: 500000000', 60, 700], atcud] }],
      undefined,
      'ISSUER_AMBIGUOUS',
      'in/a.pdf has no readable QR code, and its text shows 599999993, 500000000.',
    ],
    [
      'an issuer that is not configured',
      [{ lines: [atcud], qr: qrText('599999993', 'CSDF7T5H-35') }],
      ['500000000'],
      'ISSUER_NOT_FOUND',
      'in/a.pdf shows 599999993, none of which is a configured issuer.',
    ],
  ])('is refused: %s', async (_, pages, issuers, code, message) => {
    await expect(read(pages, issuers)).rejects.toMatchObject(failure(code, message));
  });

  it('is accepted if one of its tax numbers is a configured issuer', async () => {
    const lines = [nif, ['NIF: 500000000', 60, 700], atcud] as const;
    expect(await read([{ lines }], ['501111115', '599999993'])).toEqual(identity);
  });

  it.each([
    [
      'an XML file',
      Buffer.from('<Invoice>ATCUD: CSDF7T5H-35 NIF 599999993</Invoice>'),
      'a.xml is not a PDF file, so its ATCUD cannot be read.',
    ],
    ['an empty file', Buffer.alloc(0), 'a.xml is not a PDF file, so its ATCUD cannot be read.'],
    ['a damaged PDF', Buffer.from('%PDF-1.4\nnothing'), /^The ATCUD of a\.xml cannot be read: /],
    ['a PDF without ATCUD', simplePdf(), 'a.xml shows no ATCUD, neither in its text nor in a QR code.'],
  ])('is refused: %s', async (_, content, message) => {
    const error = await readInvoiceIdentity(content, 'a.xml').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ATCUD_NOT_FOUND', details: { httpStatus: 422 } });
    expect((error as Error).message).toMatch(message);
  });
});

it('needs no network and loads the libraries only when a PDF is read', async () => {
  const png = Buffer.from(await qrPng('x'));
  expect(png.byteLength).toBeGreaterThan(0);
  const pdf = Buffer.from(await invoicePdf({ qr: qrText('599999993', 'CSDF7T5H-35') })).toString('base64');
  const program = `
    import { registerHooks } from 'node:module';
    import net from 'node:net';
    import dns from 'node:dns';
    const loaded = new Set();
    registerHooks({ load: (url, context, next) => { const [, name] = /node_modules\\/(unpdf|zxing-wasm)\\//.exec(url) ?? []; if (name) loaded.add(name); return next(url, context); } });
    const refuse = () => { throw new Error('network used'); };
    globalThis.fetch = refuse;
    net.Socket.prototype.connect = refuse;
    dns.lookup = refuse;
    const { parseReferencePattern } = await import('./src/references/reference-pattern.ts');
    const file = { path: 'a.pdf', name: 'a.pdf', sha256: 'ab', clientId: 'acme' };
    const without = await parseReferencePattern('{client}-{name}-{sha256}').resolve(file);
    const before = [...loaded];
    const content = new Uint8Array(Buffer.from('${pdf}', 'base64'));
    const reference = await parseReferencePattern('{atcud}').resolve({ ...file, content });
    console.log(JSON.stringify({ without, before, reference, after: [...loaded].sort() }));
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@signstash-connect/source', '--input-type=module', '--eval', program],
    { cwd: new URL('../..', import.meta.url), encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    without: 'acme-a-ab',
    before: [],
    reference: '599999993-CSDF7T5H-35',
    after: ['unpdf', 'zxing-wasm'],
  });
});
