import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bytesDocument, pdfDocument, sandboxForTests, Talk } from './talk.ts';

const sandbox = await sandboxForTests();
const talk = new Talk(sandbox);
const folder = mkdtempSync(join(tmpdir(), 'sandbox-signed-'));

function inFolder(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

test('pdfsig accepts a signed PDF', async () => {
  const pdf = readFileSync(new URL('../fixtures/libreoffice.pdf', import.meta.url));
  const { documentList } = await talk.signed(pdfDocument('pdf', pdf));
  writeFileSync(join(folder, 'signed.pdf'), Buffer.from(documentList[0]!.signedContent!, 'base64'));
  expect(inFolder('pdfsig', '-nocert', 'signed.pdf')).toContain('Signature is Valid');
});

test('openssl verifies the signed document against the certificate authority that the sandbox reports', async () => {
  const { documentList } = await talk.signed(bytesDocument('cades', 'the content'));
  writeFileSync(join(folder, 'signed.p7m'), Buffer.from(documentList[0]!.signedContent!, 'base64'));
  const options = ['-binary', '-inform', 'DER', '-CAfile', sandbox.caCertificatePath, '-purpose', 'any'];
  expect(inFolder('openssl', 'cms', '-verify', ...options, '-in', 'signed.p7m')).toBe('the content');
});
