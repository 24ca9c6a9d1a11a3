import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { minimalPdf } from '../../core/test/support/minimal-pdf.ts';
import { runAction, temporaryFolder } from './harness/run-action.ts';
import { inputsFor, sandboxed } from './support/sandboxed.ts';
import { errorsOf, isSigned, reportOf, signedFiles, workspaceWith } from './support/workspace.ts';

test('writes signed files next to the originals and reports them in outputs, summary and report', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith({ 'a.pdf': minimalPdf('a'), 'sub/b.pdf': minimalPdf('b'), 'notes.txt': 'x' });
  const run = await runAction(workspace, { inputs: inputsFor(sandbox, { reason: 'Release' }) });
  expect(run.log).toContain('2 signed.');
  expect(run.exitCode).toBe(0);
  expect(signedFiles(run)).toEqual(['a-signed.pdf', 'sub/b-signed.pdf']);
  expect(run.outputs).toMatchObject({ 'signed-count': '2', 'failed-count': '0', 'skipped-count': '0' });
  expect(JSON.parse(run.outputs['operation-ids'] ?? '')).toEqual(['1000001']);
  expect(run.summary).toContain('**2** signed');
  expect(run.summary).toContain('| a.pdf | signed | 1000001 |');
  const { files } = reportOf(run);
  expect(files.map(({ file, status }) => [file, status])).toEqual([
    ['a.pdf', 'signed'],
    ['sub/b.pdf', 'signed'],
  ]);
  for (const { output = '', sha256 } of files) {
    const signed = readFileSync(join(workspace, output));
    expect(isSigned(join(workspace, output))).toBe(true);
    expect(createHash('sha256').update(signed).digest('hex')).toBe(sha256);
  }
  const reason = Buffer.from('Release', 'utf16le').swap16().toString('hex');
  expect(readFileSync(join(workspace, 'a-signed.pdf'), 'latin1').toLowerCase()).toContain(`/reason <feff${reason}>`);
});

test('an output directory keeps the tree; exclusions, comments and visible seals work', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith({
    'in/a.pdf': minimalPdf('a'),
    'in/x/b.pdf': minimalPdf('b'),
    'in/draft.pdf': minimalPdf('c'),
  });
  const inputs = inputsFor(sandbox, {
    files: 'in/**/*.pdf\n!in/draft.pdf\n# a comment',
    'output-directory': 'out',
    'visible-template': 'Signed',
    'visible-position': 'page=1,x=70,y=100',
    'visible-size': '155x50',
    'visible-background': '#ffffff',
    'visible-font-size': '9',
  });
  const run = await runAction(workspace, { inputs });
  expect(signedFiles(run)).toEqual(['out/in/a.pdf', 'out/in/x/b.pdf']);
  expect(readdirSync(join(workspace, 'out'), { recursive: true })).toHaveLength(4);
  expect(readFileSync(join(workspace, 'out/in/a.pdf'), 'latin1')).toContain('/AP');
});

test('files outside the workspace go flat into the output directory', async () => {
  const sandbox = await sandboxed();
  const [elsewhere, workspace] = [workspaceWith({ 'deep/a.pdf': minimalPdf('a') }), workspaceWith({})];
  const inputs = inputsFor(sandbox, { files: `${elsewhere}/**/*.pdf`, 'output-directory': 'out' });
  expect(signedFiles(await runAction(workspace, { inputs }))).toEqual(['out/a.pdf']);
});

test('a second run signs neither signed files nor its own outputs, and retrieves the signed ones', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith(3);
  const inputs = inputsFor(sandbox, { 'output-directory': 'out' });
  await runAction(workspace, { inputs });
  rmSync(join(workspace, 'out/0.pdf'));
  const again = await runAction(workspace, { inputs: { ...inputs, overwrite: 'true' } });
  expect(signedFiles(again)).toEqual(['out/0.pdf', 'out/1.pdf', 'out/2.pdf']);
  expect(reportOf(again).files.every(({ recovered }) => recovered)).toBe(true);
  expect(sandbox.admin.counts().documentsSigned).toBe(3);
});

test('an output that exists is not replaced, and the annotation says what to do', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith({ 'a.pdf': minimalPdf('a'), 'out/a.pdf': 'mine' });
  const run = await runAction(workspace, { inputs: inputsFor(sandbox, { 'output-directory': 'out' }) });
  expect(errorsOf(run)[0]?.data).toContain('or set overwrite');
  expect(readFileSync(join(workspace, 'out/a.pdf'), 'utf8')).toBe('mine');
  expect(sandbox.admin.counts().documentsSigned).toBe(0);
});

test('in place replaces files, keeps links, and skips signed files in a second run', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith({ 'a.pdf': minimalPdf('a'), 'real/b': minimalPdf('b') });
  symlinkSync('real/b', join(workspace, 'b.pdf'));
  const inputs = inputsFor(sandbox, { 'in-place': 'true' });
  expect((await runAction(workspace, { inputs })).outputs['signed-count']).toBe('2');
  for (const name of ['a.pdf', 'real/b', 'b.pdf']) expect(isSigned(join(workspace, name))).toBe(true);
  expect(readdirSync(workspace).sort()).toEqual(['a.pdf', 'b.pdf', 'real']);
  const again = await runAction(workspace, { inputs });
  expect(again.outputs).toMatchObject({ 'signed-count': '0', 'skipped-count': '2' });
  expect(again.exitCode).toBe(0);
  expect(sandbox.admin.counts().documentsSigned).toBe(2);
});

test('in place, links that lead out of the workspace are not followed; nothing is sent for them', async () => {
  const sandbox = await sandboxed();
  const [elsewhere, workspace] = [
    workspaceWith({ 'secret.pdf': minimalPdf('s') }),
    workspaceWith({ 'a.pdf': minimalPdf() }),
  ];
  symlinkSync(join(elsewhere, 'secret.pdf'), join(workspace, 'link.pdf'));
  mkdirSync(join(workspace, 'tree'));
  symlinkSync(elsewhere, join(workspace, 'tree/folder'));
  const inputs = inputsFor(sandbox, { files: '*.pdf\ntree/folder/secret.pdf', 'in-place': 'true' });
  const run = await runAction(workspace, { inputs });
  expect(signedFiles(run)).toEqual(['a.pdf']);
  expect(errorsOf(run)[0]?.properties).toEqual({ title: 'Not signed: LINK_OUTSIDE_ROOT', file: 'link.pdf' });
  expect(readFileSync(join(elsewhere, 'secret.pdf')).equals(minimalPdf('s'))).toBe(true);
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});

test('in place, files that are named outside the workspace are replaced, but links among them are not followed', async () => {
  const sandbox = await sandboxed();
  const [target, elsewhere] = [
    workspaceWith({ 'x.pdf': minimalPdf('x') }),
    workspaceWith({ 'a.pdf': minimalPdf('a') }),
  ];
  symlinkSync(join(target, 'x.pdf'), join(elsewhere, 'link.pdf'));
  const inputs = inputsFor(sandbox, { files: `${elsewhere}/*.pdf`, 'in-place': 'true' });
  const run = await runAction(workspaceWith({}), { inputs });
  expect(signedFiles(run)).toEqual([join(elsewhere, 'a.pdf')]);
  expect(readFileSync(join(target, 'x.pdf')).equals(minimalPdf('x'))).toBe(true);
});

test('a PDF with signature syntax in a comment is signed, not skipped', async () => {
  const sandbox = await sandboxed();
  const pdf = Buffer.concat([minimalPdf('a'), Buffer.from('% /ByteRange [0 1 2 3]\n')]);
  const workspace = workspaceWith({ 'a.pdf': pdf });
  const run = await runAction(workspace, { inputs: inputsFor(sandbox) });
  expect(run.outputs).toMatchObject({ 'signed-count': '1', 'skipped-count': '0' });
});

test('checksums-path is a file that sha256sum accepts for the signed files, hostile names included', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith({ 'a b.pdf': minimalPdf('1'), 'line\nbreak\\.pdf': minimalPdf('2'), 'bad.pdf': 'x' });
  const run = await runAction(workspace, { inputs: inputsFor(sandbox) });
  const checked = execFileSync('sha256sum', ['--check', '--strict', run.outputs['checksums-path'] ?? ''], {
    cwd: workspace,
    encoding: 'utf8',
  });
  expect(checked.match(/: OK$/gm)).toHaveLength(2);
  expect(readFileSync(run.outputs['checksums-path'] ?? '', 'utf8')).toContain('  a b-signed.pdf\n');
});

test('the summary counts newly signed and recovered files apart', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith(2);
  await runAction(workspace, { inputs: inputsFor(sandbox) });
  writeFileSync(join(workspace, 'new.pdf'), minimalPdf('new'));
  const run = await runAction(workspace, { inputs: inputsFor(sandbox, { overwrite: 'true' }) });
  expect(run.summary).toContain('**1** signed, **2** recovered, in ');
  expect(run.summary).toContain('| 0.pdf | recovered |');
  expect(run.summary).toContain('| new.pdf | signed |');
  expect(run.outputs).toMatchObject({ 'signed-count': '3', 'recovered-count': '2' });
});

test('in place replaces a file again after a rebuild with the same content, without signing it twice', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith({ 'a.pdf': minimalPdf('a') });
  const inputs = inputsFor(sandbox, { 'in-place': 'true' });
  const { temporary } = await runAction(workspace, { inputs });
  writeFileSync(join(workspace, 'a.pdf'), minimalPdf('a'));
  await runAction(workspace, { inputs, temporary });
  expect(isSigned(join(workspace, 'a.pdf'))).toBe(true);
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});

test('keeps two steps of a job that sign in two environments apart', async () => {
  const [staging, production] = [await sandboxed(), await sandboxed()];
  const workspace = workspaceWith(1);
  const { temporary } = await runAction(workspace, { inputs: inputsFor(staging) });
  const inputs = inputsFor(production, { overwrite: 'true' });
  expect((await runAction(workspace, { inputs, temporary })).outputs['signed-count']).toBe('1');
  expect(production.admin.counts().documentsSigned).toBe(1);
});

test('signs a signed file again with skip-signed: false', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith({ 'a.pdf': minimalPdf('a') });
  const inputs = inputsFor(sandbox, { 'in-place': 'true', 'skip-signed': 'false' });
  for (const count of [1, 2]) {
    await runAction(workspace, { inputs });
    expect(sandbox.admin.counts().documentsSigned).toBe(count);
  }
});

test('files with equal content are separate documents', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith({ 'a.pdf': minimalPdf('same'), 'b.pdf': minimalPdf('same') });
  expect((await runAction(workspace, { inputs: inputsFor(sandbox) })).outputs['signed-count']).toBe('2');
});

test('the external reference follows its template', async () => {
  const sandbox = await sandboxed();
  const pdf = minimalPdf('a');
  const workspace = workspaceWith({ 'in/a b.pdf': pdf });
  await runAction(workspace, {
    inputs: inputsFor(sandbox, { 'external-reference': '{repository}:{run}:{path}:{sha256}' }),
  });
  const hash = createHash('sha256').update(pdf).digest('hex');
  expect(Object.keys(sandbox.admin.counts().signedByReference)).toEqual([`acme-invoices:42:in-a-b.pdf:${hash}`]);
});

test('a template that gives two files one reference fails the second; one that finds an older document fails', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith({ 'a b.pdf': minimalPdf('1'), 'a-b.pdf': minimalPdf('2') });
  const inputs = inputsFor(sandbox, { 'external-reference': 'nightly-{path}' });
  const run = await runAction(workspace, { inputs });
  expect(errorsOf(run).map(({ properties }) => properties)).toContainEqual({
    title: 'Not signed: DUPLICATE_REFERENCE',
    file: 'a-b.pdf',
  });
  const changed = workspaceWith({ 'a b.pdf': minimalPdf('another and longer text') });
  const second = await runAction(changed, { inputs });
  expect(errorsOf(second)[0]?.data).toMatch(
    /is not valid: the service says that it signed \d+ bytes, but \d+ were sent/,
  );
  expect(second.outputs['signed-count']).toBe('0');
});

test('signs XML files with XAdES', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith({ 'invoice.xml': '<?xml version="1.0"?><Invoice><ID>1</ID></Invoice>' });
  await runAction(workspace, { inputs: inputsFor(sandbox, { files: '*.xml' }) });
  expect(readFileSync(join(workspace, 'invoice-signed.xml'), 'utf8')).toContain('SignatureValue');
});

test('through the on-premise proxy', async () => {
  const sandbox = await sandboxed();
  const workspace = workspaceWith(2);
  const run = await runAction(workspace, { inputs: inputsFor(sandbox, { 'proxy-url': sandbox.proxyUrl }) });
  expect(run.outputs['signed-count']).toBe('2');
  const services = sandbox.admin.requests().filter(({ endpoint }) => endpoint === 'sign');
  expect(services.map(({ service }) => service)).toEqual(['proxy']);
});

test('200 files: one login, at most five sign requests, all of them verified', async () => {
  const sandbox = await sandboxed();
  const run = await runAction(workspaceWith(200), { inputs: inputsFor(sandbox) });
  expect(run.outputs['signed-count']).toBe('200');
  const { tokenRequests, requests, documentsSigned } = sandbox.admin.counts();
  expect([tokenRequests, documentsSigned]).toEqual([1, 200]);
  expect(requests.sign).toBeLessThanOrEqual(5);
  expect(run.log).toMatch(/^\d+ of 200 done, about \d+ s left$/m);
});

test('RUNNER_TEMP contains no secret and no content afterwards', async () => {
  const sandbox = await sandboxed();
  const temporary = temporaryFolder('signstash-runner-');
  await runAction(workspaceWith(2), { inputs: inputsFor(sandbox), temporary });
  const files = readdirSync(temporary, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const text = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('\n');
  expect(files).toHaveLength(3);
  expect(text).not.toMatch(/eyJ|Bearer|%PDF/);
  expect(text).not.toContain(sandbox.clientSecret);
});
