import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { minimalPdf } from '../../core/test/support/minimal-pdf.ts';
import { type ActionRun, runAction } from './harness/run-action.ts';
import { inputsFor, sandboxed } from './support/sandboxed.ts';
import { errorsOf, isSigned, reportOf, signedFiles, workspaceWith } from './support/workspace.ts';

describe('masks', () => {
  const everything = ({ log, summary, outputs }: ActionRun, more = '') =>
    [log, summary, JSON.stringify(outputs), more].join('\n');
  const formsOf = ({ clientId, clientSecret }: { clientId: string; clientSecret: string }) => {
    const form = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
    const basic = (id: string, secret: string) => Buffer.from(`${id}:${secret}`).toString('base64');
    const encoded = [form(clientSecret), encodeURIComponent(clientSecret)];
    const basics = [basic(clientId, clientSecret), basic(form(clientId), form(clientSecret))];
    return [...new Set([clientSecret, ...basics, ...encoded])];
  };

  test('mask secret, Basic value and token in every form before anything is printed', async () => {
    const sandbox = await sandboxed();
    const run = await runAction(workspaceWith(2), { inputs: inputsFor(sandbox), env: { RUNNER_DEBUG: '1' } });
    const forms = formsOf(sandbox);
    expect(run.masks).toEqual(expect.arrayContaining(forms));
    expect(run.commands.slice(0, forms.length).every(({ name }) => name === 'add-mask')).toBe(true);
    const tokens = run.masks.filter((text) => !forms.includes(text));
    expect(tokens).toHaveLength(1);
    const shown = everything(run, JSON.stringify(reportOf(run)));
    for (const secret of [...forms, ...tokens]) expect(shown).not.toContain(secret);
  });

  test('hide credentials that the authorization server repeats in its answer', async () => {
    const sandbox = await sandboxed();
    const credentials = { clientId: sandbox.clientId, clientSecret: 'wrong%25 +secret' };
    sandbox.admin.addFault({
      kind: 'reject',
      endpoint: 'token',
      status: 401,
      errorCode: formsOf(credentials)[1] ?? '',
      errorCodeDescription: credentials.clientSecret,
    });
    const run = await runAction(workspaceWith(1), {
      inputs: inputsFor(sandbox, { 'client-secret': credentials.clientSecret }),
    });
    expect(run.exitCode).toBe(1);
    for (const secret of formsOf(credentials)) expect(everything(run)).not.toContain(secret);
  });
});

describe('file names', () => {
  test('with special characters are signed and appear complete in outputs and annotations', async () => {
    const sandbox = await sandboxed();
    const good = ['100%.pdf', '%0A.pdf', 'a,b.pdf', 'c:d::e.pdf', 'line\nbreak.pdf', 'ação [1].pdf', '<b>`|`.pdf'];
    const bad = 'bad % , :: \n çã.pdf';
    const files = good.map((name, index) => [name, minimalPdf(`${index}`)]);
    const workspace = workspaceWith({ ...Object.fromEntries(files), [bad]: 'x' });
    const run = await runAction(workspace, { inputs: inputsFor(sandbox) });
    expect(run.outputs).toMatchObject({ 'signed-count': '7', 'failed-count': '1' });
    const signed = good.map((name) => `${name.slice(0, -4)}-signed.pdf`);
    expect(signedFiles(run)).toEqual(signed.toSorted());
    for (const name of signed) expect(isSigned(join(workspace, name))).toBe(true);
    expect(errorsOf(run)[0]?.properties).toEqual({ file: bad, title: 'Not signed: DOCUMENT_NOT_PDF' });
    const rows = run.summary.split('\n').filter((line) => line.startsWith('| '));
    expect(rows).toHaveLength(good.length + 3);
    expect(run.summary).not.toContain('<b>');
    expect(rows.every((row) => row.split('|').length === 7)).toBe(true);
  });
});

describe('summary', () => {
  test('thousands of files stay far below the runner’s limit of 1 MiB, failures first', async () => {
    const pdf = minimalPdf();
    const long = 'x'.repeat(150);
    const files = Array.from({ length: 3_000 }, (_, index) => [`${long}-${index}.pdf`, pdf]);
    const workspace = workspaceWith({ ...Object.fromEntries(files), 'zz.pdf': 'no PDF' });
    const { 'client-secret': _, ...inputs } = inputsFor(await sandboxed(), { 'dry-run': 'true' });
    const run = await runAction(workspace, { inputs });
    expect(Buffer.byteLength(run.summary)).toBeLessThan(1024 * 1024);
    expect(run.summary).toMatch(/\n\d+ more are in the report\.\n/);
    expect(run.summary.indexOf('| zz.pdf | failed')).toBeGreaterThan(0);
    expect(run.summary.indexOf('| zz.pdf | failed')).toBeLessThan(run.summary.indexOf('| checked |'));
    expect(reportOf(run).files).toHaveLength(3_001);
  });

  test('can be left out, and one that cannot be written does not fail the step', async () => {
    const sandbox = await sandboxed();
    const silent = await runAction(workspaceWith(1), { inputs: inputsFor(sandbox, { summary: 'false' }) });
    expect([silent.exitCode, silent.summary]).toEqual([0, '']);
    const env = { GITHUB_STEP_SUMMARY: '/nowhere/summary' };
    const unwritable = await runAction(workspaceWith(1), { inputs: inputsFor(sandbox), env });
    expect([unwritable.exitCode, unwritable.outputs['signed-count']]).toEqual([0, '1']);
    expect(unwritable.commands.find(({ name }) => name === 'warning')?.data).toContain('summary could not be written');
  });
});

describe('dry run', () => {
  test('checks the files and the login, and sends no document', async () => {
    const sandbox = await sandboxed();
    const workspace = workspaceWith({ 'a.pdf': minimalPdf('a'), 'bad.pdf': 'x' });
    const run = await runAction(workspace, { inputs: inputsFor(sandbox, { 'dry-run': 'true' }) });
    expect([run.exitCode, run.outputs['failed-count'], run.outputs['signed-count']]).toEqual([1, '1', '0']);
    expect(reportOf(run).totals).toMatchObject({ checked: 1, failed: 1 });
    expect(run.log).toContain('The API accepted the token and answered');
    expect(sandbox.admin.requests().map(({ endpoint }) => endpoint)).toEqual(['token', 'operationId']);
    expect(existsSync(join(workspace, 'a-signed.pdf'))).toBe(false);
  });

  test('fails if the login is refused, and skips the login without a secret', async () => {
    const sandbox = await sandboxed();
    const tried = async (clientSecret: string) => {
      const inputs = inputsFor(sandbox, { 'dry-run': 'true', 'client-secret': clientSecret });
      return runAction(workspaceWith(1), { inputs });
    };
    const refused = await tried('wrong-secret');
    expect([refused.exitCode, errorsOf(refused)[0]?.data]).toEqual([1, expect.stringContaining('client-secret')]);
    expect((await tried('')).exitCode).toBe(0);
    expect(sandbox.admin.counts().tokenRequests).toBe(1);
  });
});
