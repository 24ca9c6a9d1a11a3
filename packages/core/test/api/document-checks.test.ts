import { describe, expect, test } from 'vitest';
import { checkDocument, documentKind, isSignedPdf } from '../../src/api/request/document-checks.ts';
import { blobSource, bytesSource } from '../../src/api/request/document-source.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';

const bytes = (text: string) => bytesSource(Buffer.from(text, 'latin1'));
const check = (content: Uint8Array, wanted: Partial<Parameters<typeof checkDocument>[2]> = {}) =>
  checkDocument(bytesSource(content), 'a file', { maxBytes: 1e6, ...wanted });

describe('the type of a document', () => {
  test.each([
    ['%PDF-1.7\n', 'pdf'],
    ['junk before\n%PDF-1.4\n', 'pdf'],
    ['<?xml version="1.0"?><a/>', 'xml'],
    ['\u00ef\u00bb\u00bf<Invoice/>', 'xml'],
    ['\u00ff\u00fe<\0a\0/\0>\0', 'xml'],
    ['  <!-- c --><a/>', 'xml'],
    ['<!DOCTYPE html><html>', 'other'],
    ['<html>', 'other'],
    ['PK\u0003\u0004', 'other'],
  ])('%j is %s', async (text, kind) => {
    expect(await documentKind(bytes(text))).toBe(kind);
  });

  test.each([
    ['DOCUMENT_EMPTY', '', {}],
    ['DOCUMENT_TOO_LARGE', '%PDF-1.4', { maxBytes: 7 }],
    ['DOCUMENT_NOT_PDF', 'hello', {}],
    ['DOCUMENT_NOT_PDF', '<a/>', { type: 'PAdES' as const }],
    ['DOCUMENT_NOT_XML', '%PDF-1.4', { type: 'XAdES' as const }],
  ])('%s', async (code, text, wanted) => {
    await expect(check(Buffer.from(text), wanted)).rejects.toMatchObject({ code, document: 'a file' });
  });

  test('type and content type follow the content, unless they are given', async () => {
    expect(await check(minimalPdf())).toEqual({ signatureType: 'PAdES', contentType: 'application/pdf' });
    expect(await check(Buffer.from('<a/>'))).toEqual({ signatureType: 'XAdES', contentType: 'application/xml' });
    expect(await check(Buffer.from('<a/>'), { contentType: 'text/xml' })).toMatchObject({ contentType: 'text/xml' });
    expect(await check(Buffer.from('any'), { type: 'CAdES' })).toMatchObject({
      contentType: 'application/octet-stream',
    });
  });
});

/** The parts of a signed PDF that matter here: a byte range, and the value that it leaves out. */
function signedPdf(value = '<3082>', filler = ''): Buffer {
  const head = `%PDF-1.7\n${filler}`;
  const dictionary = (range: string) => `1 0 obj << /Type /Sig /ByteRange [${range.padEnd(30)}] /Contents `;
  const before = head.length + dictionary('').length;
  const tail = '>> endobj\n%%EOF\n';
  const range = `0 ${before} ${before + value.length} ${tail.length}`;
  return Buffer.from(head + dictionary(range) + value + tail, 'latin1');
}

describe('a signature in a PDF', () => {
  test('is found across chunks of a stream', async () => {
    const signed = signedPdf('<3082>', ' '.repeat(70_000));
    const chopped = {
      ...bytesSource(signed),
      read: async function* () {
        for (let at = 0; at < signed.length; at += 7) yield signed.subarray(at, at + 7);
      },
    };
    expect(await isSignedPdf(chopped)).toBe(true);
    expect(await isSignedPdf(blobSource(new Blob([new Uint8Array(minimalPdf())])))).toBe(false);
  });

  test.each([
    ['the word in a comment', minimalPdf('a').toString('latin1').replace('%PDF-1.4\n', '%PDF-1.4\n% /ByteRange\n')],
    ['a range in a comment', `${minimalPdf('a').toString('latin1')}% /ByteRange [0 10 20 30]\n`],
    ['a range that ends beyond the file', `${minimalPdf('a').toString('latin1')}% /ByteRange [0 10 20 99999]\n`],
    ['a field prepared for a later signature', signedPdf('<0000>').toString('latin1')],
  ])('is not %s', async (_, pdf) => {
    expect(await isSignedPdf(bytes(pdf))).toBe(false);
  });
});
