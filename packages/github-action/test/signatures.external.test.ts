import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { minimalPdf } from '../../core/test/support/minimal-pdf.ts';
import { fixture } from '../../sandbox/test/support/fixtures.ts';
import { verifySignature } from '../../sandbox/test/support/pdfsig.ts';
import { runAction } from './harness/run-action.ts';
import { inputsFor, sandboxed } from './support/sandboxed.ts';
import { signedFiles, workspaceWith } from './support/workspace.ts';

test.each<[string, Record<string, string>]>([
  ['next to the files, with a timestamp', { timestamp: 'true' }],
  ['in place', { 'in-place': 'true' }],
  [
    'visible, in a directory',
    { 'output-directory': 'out', 'visible-template': 'Signed', 'visible-position': 'page=1,x=70,y=100' },
  ],
  ['through the on-premise proxy', { proxy: 'yes' }],
])('pdfsig accepts every signed file as valid, trusted and complete: %s', async (_, { proxy, ...more }) => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith({
    'chromium.pdf': await fixture('chromium.pdf'),
    'deep/libreoffice.pdf': await fixture('libreoffice.pdf'),
    'ação %0A,:.pdf': minimalPdf('a'),
  });
  const inputs = inputsFor(sandbox, { ...more, ...(proxy ? { 'proxy-url': sandbox.proxyUrl } : {}) });
  const files = signedFiles(await runAction(workspace, { inputs }));
  expect(files).toHaveLength(3);
  for (const file of files) {
    const seal = await verifySignature(readFileSync(join(workspace, file)), sandbox.caCertificatePem);
    expect(seal).toMatchObject({ valid: true, trusted: true, totalDocumentSigned: true });
  }
});

test('pdfsig agrees with verify on 200 files', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith(200);
  const files = signedFiles(await runAction(workspace, { inputs: inputsFor(sandbox) }));
  expect(files).toHaveLength(200);
  for (const file of files) {
    const seal = await verifySignature(join(workspace, file), sandbox.caCertificatePem);
    expect(seal).toMatchObject({ valid: true, trusted: true, totalDocumentSigned: true });
  }
});
