import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pdfs, startTestSandbox, temporaryFolder, writeFiles } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import { issuePair } from '../../verify/test/support/authority.ts';
import { encryptWith } from '../../verify/test/support/encryption.ts';
import { makePdf, signPdf } from '../../verify/test/support/pdf.ts';
import { envFor, objectsOf, runCli } from './support/run-cli.ts';

async function signedFolder() {
  const sandbox = await startTestSandbox();
  const cwd = temporaryFolder();
  writeFiles(cwd, pdfs(1));
  await runCli(['sign', '0.pdf'], { cwd, env: envFor(sandbox) });
  writeFileSync(join(cwd, 'ca.pem'), sandbox.caCertificatePem);
  return { cwd, run: (...args: string[]) => runCli(['verify', ...args], { cwd }) };
}

it('accepts intact signatures of unknown signers while no roots are given', async () => {
  const { run } = await signedFolder();
  const { exitCode, stdout } = await run('*-signed.pdf');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^valid-but-untrusted 0-signed\.pdf: Sandbox Seal/);
  expect(stdout).toMatch(/\n1 of 1 valid\.\n$/);
});

it('checks the chain against given roots', async () => {
  const { cwd, run } = await signedFolder();
  expect((await run('0-signed.pdf', '--trust', 'ca.pem')).stdout).toMatch(/^valid 0-signed\.pdf/);
  const other = await startTestSandbox({ stateDirectory: temporaryFolder() });
  writeFileSync(join(cwd, 'other.pem'), other.caCertificatePem);
  expect(await run('0-signed.pdf', '--trust', 'other.pem')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('valid-but-untrusted'),
  });
});

it('reports unsigned and altered files, and checks the others', async () => {
  const { cwd, run } = await signedFolder();
  const altered = readFileSync(join(cwd, '0-signed.pdf'));
  altered[altered.indexOf('Fatura')] = 0x66;
  writeFileSync(join(cwd, 'altered.pdf'), altered);
  const result = await run('*.pdf', '--json');
  expect(result.exitCode).toBe(1);
  const verdicts = Object.fromEntries(objectsOf(result).map(({ file, verdict }) => [file, verdict]));
  expect(verdicts).toEqual({ '0.pdf': 'invalid', '0-signed.pdf': 'valid-but-untrusted', 'altered.pdf': 'invalid' });
});

it('refuses paths that are not files before it verifies anything', async () => {
  const { cwd, run } = await signedFolder();
  mkdirSync(join(cwd, 'folder'));
  expect(await run('0-signed.pdf', 'missing.pdf')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'error: No such file: "missing.pdf".\n',
  });
  expect(await run('0-signed.pdf', 'folder')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'error: "folder" is a folder: for its files, use a pattern such as "folder/**/*.pdf".\n',
  });
  expect(await run('0-signed.pdf', '--original', 'missing.xml')).toMatchObject({
    exitCode: 2,
    stderr: 'error: No such file: "missing.xml".\n',
  });
});

it('opens encrypted PDFs with the password of a file and prints it nowhere', async () => {
  const cwd = temporaryFolder();
  const { seal } = await issuePair();
  const update = encryptWith(' correct horse ');
  writeFileSync(join(cwd, 'encrypted.pdf'), signPdf(makePdf('Total: 100.00 EUR', update), { signer: seal, update }));
  writeFileSync(join(cwd, 'password'), ' correct horse \r\n');
  writeFileSync(join(cwd, 'wrong'), 'incorrect horse');
  const run = (...args: string[]) => runCli(['verify', 'encrypted.pdf', ...args], { cwd });
  expect(await run('--password-file', 'password')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^valid-but-untrusted encrypted\.pdf/),
  });
  for (const args of [[], ['--password-file', 'wrong']]) {
    const refused = await run(...args);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('password') });
    expect(JSON.stringify(refused)).not.toContain('horse');
  }
  expect(await run('--password-file', 'missing')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--password-file "missing" cannot be read'),
  });
});

it('has no option for the password itself', async () => {
  const { run } = await signedFolder();
  const refused = await run('0-signed.pdf', '--password=correct horse');
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--password-file') });
  expect(JSON.stringify(refused)).not.toContain('horse');
});

it('prints a table on a terminal', async () => {
  const { cwd } = await signedFolder();
  const { stdout } = await runCli(['verify', '0-signed.pdf', '--trust', 'ca.pem', '--no-color'], {
    cwd,
    terminal: true,
  });
  expect(stdout).toMatch(/^File +Verdict +Signer +Time +Reason\n0-signed\.pdf +valid +Sandbox Seal/);
});
