import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDocument, documentKind, isEncryptedPdf, isSignedPdf } from '../../src/protocol/document-checks.ts';
import { blobSource, bytesSource } from '../../src/protocol/document-source.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';

const bytes = (text: string) => bytesSource(Buffer.from(text, 'latin1'));
const check = (content: Uint8Array, wanted: Partial<Parameters<typeof checkDocument>[2]> = {}) =>
  checkDocument(bytesSource(content), 'a file', { maxBytes: 1e6, ...wanted });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signstash-checks-'));
  writeFileSync(join(folder, 'plain.pdf'), minimalPdf('plain'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs qpdf on the plain PDF; its exit code 3 means "done, with warnings". */
function qpdf(...options: string[]): Buffer {
  const target = join(folder, 'out.pdf');
  execFileSync('qpdf', ['--warning-exit-0', ...options, join(folder, 'plain.pdf'), target]);
  return readFileSync(target);
}

describe('what a document is', () => {
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

describe('encrypted PDFs', () => {
  const encrypt = ['--encrypt', '', 'owner', '256', '--'];
  test.each([
    ['a cross-reference table', ['--object-streams=disable', ...encrypt]],
    ['a cross-reference stream', ['--object-streams=generate', ...encrypt]],
    ['a linearised file', ['--linearize', '--object-streams=disable', ...encrypt]],
    ['a linearised file with object streams', ['--linearize', '--object-streams=generate', ...encrypt]],
  ])('with %s are refused', async (_, options) => {
    await expect(check(qpdf(...options))).rejects.toMatchObject({ code: 'DOCUMENT_ENCRYPTED' });
  });

  test.each([
    ['plain', []],
    ['linearised', ['--linearize']],
    ['with object streams', ['--object-streams=generate']],
  ])('%s ones that only talk of it are not', async (_, options) => {
    writeFileSync(join(folder, 'plain.pdf'), minimalPdf('the word /Encrypt 5 0 R in a page'));
    expect(await isEncryptedPdf(bytesSource(qpdf(...options)))).toBe(false);
  });
});

test('a signature is found across the seams of a stream', async () => {
  const signed = Buffer.concat([Buffer.alloc(70_000, 0x20), Buffer.from('/ByteRange [0 1 2 3]')]);
  const chopped = {
    ...bytesSource(signed),
    read: async function* () {
      for (let at = 0; at < signed.length; at += 7) yield signed.subarray(at, at + 7);
    },
  };
  expect(await isSignedPdf(chopped)).toBe(true);
  expect(await isSignedPdf(blobSource(new Blob([new Uint8Array(minimalPdf())])))).toBe(false);
});
