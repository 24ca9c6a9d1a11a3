import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { minimalPdf } from '../../core/test/support/minimal-pdf.ts';
import { issuePair } from '../../verify/test/support/authority.ts';
import { actionPath, runAction, temporaryFolder } from './harness/run-action.ts';
import { inputsFor, sandboxed } from './support/sandboxed.ts';
import { changePage, changeSignatureValue, tamperingWith } from './support/tampering-server.ts';
import { errorsOf, isSigned, workspaceWith } from './support/workspace.ts';

describe('a signed document that was changed in transit', () => {
  test.each([
    ['off', changePage, undefined],
    ['integrity', changePage, 'CONTENT_NOT_VALID'],
    ['integrity', changeSignatureValue, undefined],
    ['signature', changePage, 'CONTENT_NOT_VALID'],
    ['signature', changeSignatureValue, 'CONTENT_NOT_VALID'],
  ] as const)('with verify %s and %o leads to %s', async (verify, tamper, code) => {
    const sandbox = await sandboxed();
    const apiUrl = await tamperingWith(sandbox.apiUrl, tamper);
    const workspace = workspaceWith({ 'a.pdf': minimalPdf() });
    const inputs = inputsFor(sandbox, { 'api-url': apiUrl, 'in-place': 'true', verify });
    const run = await runAction(workspace, { inputs });
    expect(errorsOf(run)[0]?.properties.title).toBe(code && `Not signed: ${code}`);
    expect(run.outputs['signed-count']).toBe(code ? '0' : '1');
    // A file is replaced only by a document that passed.
    expect(readFileSync(join(workspace, 'a.pdf')).equals(minimalPdf())).toBe(code !== undefined);
  });
});

describe('verify chain', () => {
  test('accepts PDF and XML signatures that chain to a root in a file or in a folder', async () => {
    const sandbox = await sandboxed();
    const workspace = workspaceWith({
      'a.pdf': minimalPdf('a'),
      'invoice.xml': '<?xml version="1.0"?><Invoice><ID>1</ID></Invoice>',
      'roots/ca.pem': sandbox.caCertificatePem,
    });
    for (const trust of ['roots', 'roots/ca.pem']) {
      const more = { files: '*.pdf\n*.xml', verify: 'chain', trust, timestamp: 'true', overwrite: 'true' };
      const run = await runAction(workspace, { inputs: inputsFor(sandbox, more) });
      expect(errorsOf(run)).toEqual([]);
      expect(run.outputs['signed-count']).toBe('2');
    }
  });

  test('refuses a signature of another authority and names where the file is', async () => {
    const sandbox = await sandboxed();
    const { root } = await issuePair();
    const workspace = workspaceWith({ 'a.pdf': minimalPdf('a'), 'root.pem': root.pem });
    const inputs = inputsFor(sandbox, { 'in-place': 'true', verify: 'chain', trust: 'root.pem' });
    const run = await runAction(workspace, { inputs });
    expect(run.exitCode).toBe(1);
    expect(errorsOf(run)[0]?.properties).toEqual({ title: 'Not signed: CONTENT_NOT_VALID', file: 'a.pdf' });
    expect(errorsOf(run)[0]?.data).toMatch(/given root.*It is in .*a\.pdf\.signed/);
    expect(readFileSync(join(workspace, 'a.pdf')).equals(minimalPdf('a'))).toBe(true);
  });

  test('judges the new signature, not one that the document had before', async () => {
    const [first, second] = [
      await sandboxed(),
      await sandboxed({ stateDirectory: temporaryFolder('signstash-other-') }),
    ];
    const workspace = workspaceWith({ 'a.pdf': minimalPdf('a'), 'root.pem': second.caCertificatePem });
    await runAction(workspace, { inputs: inputsFor(first, { 'in-place': 'true' }) });
    const more = { 'in-place': 'true', 'skip-signed': 'false', verify: 'chain', trust: 'root.pem' };
    const run = await runAction(workspace, { inputs: inputsFor(second, more) });
    expect([errorsOf(run), run.outputs['signed-count']]).toEqual([[], '1']);
  });

  test.each([
    [{ verify: 'chain' }, 'verify "chain" needs trust: the root certificates, as paths of files or folders.'],
    [{ verify: 'chain', trust: 'none.pem' }, 'Invalid trust "none.pem": there is no such file or folder.'],
    [{ verify: 'chain', trust: 'a.pdf' }, 'Invalid trust: Malformed certificate in a.pdf: expected PEM or DER.'],
    [{ trust: 'a.pdf' }, 'trust has no effect with verify "integrity": set verify to "chain".'],
    [{ verify: 'true' }, 'verify'],
  ])('is refused before anything is sent with %o', async (more: Record<string, string>, message) => {
    const sandbox = await sandboxed();
    const workspace = workspaceWith({ 'a.pdf': minimalPdf() });
    const run = await runAction(workspace, { inputs: inputsFor(sandbox, more) });
    expect(run.exitCode).toBe(1);
    expect(errorsOf(run)[0]?.data).toContain(message);
    expect(sandbox.admin.counts().requests.sign).toBe(0);
  });
});

test('runs that do not verify signatures do not load the code for it', async () => {
  const sandbox = await sandboxed();
  const dist = join(temporaryFolder('signstash-action-'), 'dist');
  cpSync(join(actionPath, 'dist'), dist, { recursive: true });
  cpSync(join(actionPath, 'package.json'), join(dist, '../package.json'));
  for (const name of ['verify-signed.js', 'verify-xml.js', 'signature.js']) rmSync(join(dist, name));
  const run = (verify: string) => {
    const workspace = workspaceWith({ 'a.pdf': minimalPdf() });
    return runAction(workspace, { inputs: inputsFor(sandbox, { verify }), main: join(dist, 'index.js') }).then(
      ({ exitCode }) => [
        exitCode,
        existsSync(join(workspace, 'a-signed.pdf')) && isSigned(join(workspace, 'a-signed.pdf')),
      ],
    );
  };
  expect(await run('integrity')).toEqual([0, true]);
  // The files that were removed are those that verification needs.
  expect(await run('signature')).toEqual([1, false]);
});
