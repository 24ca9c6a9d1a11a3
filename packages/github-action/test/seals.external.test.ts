import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '@signstash-connect/sandbox';
import { expect, onTestFinished, test } from 'vitest';
import { verifySeal } from '../../../apps/sandbox/test/support/pdfsig.ts';
import { minimalPdf } from '../../core/test/support/minimal-pdf.ts';
import { runAction } from './harness/run-action.ts';

test('pdfsig finds every sealed file valid, trusted and whole', async () => {
  const workspace = mkdtempSync(join(tmpdir(), 'signstash-workspace-'));
  onTestFinished(() => rmSync(workspace, { recursive: true, force: true }));
  for (const name of ['a', 'b', 'c']) writeFileSync(join(workspace, `${name}.pdf`), minimalPdf(name));
  const sandbox = await startSandbox({ stateDirectory: join(workspace, '.state') });
  onTestFinished(() => sandbox.close());
  const run = await runAction(workspace, {
    inputs: {
      files: '*.pdf',
      'token-url': sandbox.tokenUrl,
      'api-url': sandbox.apiUrl,
      'client-id': sandbox.clientId,
      'client-secret': sandbox.clientSecret,
      timestamp: 'true',
    },
  });
  const files = JSON.parse(run.outputs['signed-files'] ?? '[]') as string[];
  expect(files).toHaveLength(3);
  for (const file of files) {
    const seal = await verifySeal(readFileSync(join(workspace, file)), sandbox.caCertificatePem);
    expect(seal).toMatchObject({ valid: true, trusted: true, totalDocumentSigned: true });
  }
});
