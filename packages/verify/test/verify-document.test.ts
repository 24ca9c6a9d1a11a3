import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { TrustStore, verifyDocument } from '../src/index.ts';
import { issuePair } from './support/authority.ts';
import { appendUpdate, codes, makePdf, signPdf } from './support/pdf.ts';

let folder: string;
let path: string;
let signed: Buffer;
let trust: TrustStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-document-'));
  path = join(folder, 'signed.pdf');
  const { root, seal } = await issuePair();
  trust = TrustStore.fromCertificates(root.pem);
  signed = signPdf(makePdf(), { signer: seal });
  await writeFile(path, signed);
});
afterAll(() => rm(folder, { recursive: true }));

describe('inputs', () => {
  it('returns the same report for bytes, a path, a URL, a stream and a blob', async () => {
    const now = new Date();
    const report = await verifyDocument(signed, { trust, now });
    expect(report.verdict).toBe('valid');
    const inputs = [
      path,
      new URL(`file://${path}`),
      chunks(signed),
      new Blob([new Uint8Array(signed)]).stream(),
      new Blob([new Uint8Array(signed)]),
      { size: signed.length, slice: async (start: number, end: number) => signed.subarray(start, end) },
    ];
    for (const input of inputs) expect(await verifyDocument(input, { trust, now })).toEqual(report);
  });

  it('deletes the temporary file of a stream, also when the stream fails', async () => {
    const temporary = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('signstash-verify-'));
    const before = await temporary();
    await verifyDocument(chunks(signed), { trust });
    const failing = (async function* () {
      yield signed;
      throw new Error('connection lost');
    })();
    await expect(verifyDocument(failing)).rejects.toThrow('connection lost');
    expect((await temporary()).filter((name) => !before.includes(name))).toEqual([]);
  });

  it('rejects with the code of the file system if the file cannot be read', async () => {
    await expect(verifyDocument(join(folder, 'missing.pdf'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(verifyDocument(folder)).rejects.toThrow('expected a file');
  });

  it('stops when its signal is aborted', async () => {
    await expect(verifyDocument(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it.each([
    ['an empty file', ''],
    ['text', 'Dear customer'],
    ['HTML that is not XML', '<html><br></html>'],
    ['the start of a PDF', '%PDF-1.7\n'],
    ['a byte', '0'],
  ])('reports %s as invalid', async (_, content) => {
    expect((await verifyDocument(Buffer.from(content))).verdict).toBe('invalid');
  });

  it('names the invalid option', async () => {
    await expect(verifyDocument(signed, { trust: 'roots' as never })).rejects.toThrow('Invalid "trust"');
    await expect(verifyDocument(signed, { at: new Date('x') })).rejects.toThrow('Invalid "at"');
  });
});

describe('the original', () => {
  it('is compared with the start of a PDF', async () => {
    expect(await verifyDocument(path, { trust, original: makePdf() })).toMatchObject({
      verdict: 'valid',
      startsWithOriginal: true,
    });
    const other = await verifyDocument(path, { trust, original: chunks(makePdf('Total: 1.00 EUR')) });
    expect(other).toMatchObject({ verdict: 'invalid', startsWithOriginal: false });
    expect(codes(other)).toEqual(['original-mismatch']);
  });
});

it('calls a PDF that is encrypted for certificates indeterminate', async () => {
  const dictionary = '<< /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s5 /V 4 >>';
  const report = await verifyDocument(appendUpdate(makePdf(), { 9: dictionary }, { trailer: '/Encrypt 9 0 R' }));
  expect(report.verdict).toBe('indeterminate');
  expect(codes(report)).toEqual(['encrypted']);
});

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

describe('errors that say nothing about the document', () => {
  it('are thrown when a document cannot be read', async () => {
    for (const failure of [
      new TypeError('slice is broken'),
      new RangeError('out of range'),
      new Error('disk failed'),
    ]) {
      const source = {
        size: signed.length,
        slice: async (start: number, end: number) => {
          if (start > 0) throw failure;
          return signed.subarray(start, end);
        },
      };
      await expect(verifyDocument(source, { trust })).rejects.toBe(failure);
    }
  });

  it('are thrown when a library cannot be loaded', async () => {
    const failure = new Error('Cannot find package');
    vi.doMock('libxml2-wasm', () => Promise.reject(failure));
    onTestFinished(() => vi.doUnmock('libxml2-wasm'));
    vi.resetModules();
    const { verifyDocument: verify } = await import('../src/index.ts');
    await expect(verify(Buffer.from('<Invoice/>'))).rejects.toMatchObject({ cause: failure });
  });
});
