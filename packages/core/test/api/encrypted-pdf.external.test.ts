import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDocument, isEncryptedPdf } from '../../src/api/request/document-checks.ts';
import { bytesSource } from '../../src/api/request/document-source.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';

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

describe('encrypted PDFs', () => {
  const encrypt = ['--encrypt', '', 'owner', '256', '--'];
  test.each([
    ['a cross-reference table', ['--object-streams=disable', ...encrypt]],
    ['a cross-reference stream', ['--object-streams=generate', ...encrypt]],
    ['a linearised file', ['--linearize', '--object-streams=disable', ...encrypt]],
    ['a linearised file with object streams', ['--linearize', '--object-streams=generate', ...encrypt]],
  ])('with %s are refused', async (_, options) => {
    await expect(checkDocument(bytesSource(qpdf(...options)), 'a file', { maxBytes: 1e6 })).rejects.toMatchObject({
      code: 'DOCUMENT_ENCRYPTED',
    });
  });

  test.each([
    ['plain', []],
    ['linearised', ['--linearize']],
    ['with object streams', ['--object-streams=generate']],
  ])('%s with only the word "Encrypt" are not', async (_, options) => {
    writeFileSync(join(folder, 'plain.pdf'), minimalPdf('the word /Encrypt 5 0 R in a page'));
    expect(await isEncryptedPdf(bytesSource(qpdf(...options)))).toBe(false);
  });
});
