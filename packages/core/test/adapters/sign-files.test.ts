import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type SignFilesOptions, signFiles } from '../../src/adapter-node.ts';
import { nodePlatform } from '../../src/index.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, testSandbox } from '../support/sandbox-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function workspace(files: Record<string, string | Buffer>, sandboxOptions = {}) {
  const sandbox = await testSandbox(sandboxOptions);
  const root = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  const run = (options: Partial<SignFilesOptions> = {}, patterns = [`${root}/**/*.pdf`]) =>
    signFiles(patterns, { client: clientOf(sandbox), clientId: sandbox.clientId, root, ...options });
  return { sandbox, root, run, read: (name: string) => readFileSync(join(root, name)) };
}

const statuses = (report: { files: readonly { file: string; status: string }[] }) =>
  Object.fromEntries(report.files.map(({ file, status }) => [file, status]));

describe('signFiles', () => {
  it('signs files next to the originals and reports sizes and checksums', async () => {
    const { run, read, sandbox } = await workspace({ 'a.pdf': minimalPdf('a'), 'sub/b.pdf': minimalPdf('b') });
    const seen: string[] = [];
    const report = await run({ onResult: ({ file }) => seen.push(file) });
    expect(report.ok).toBe(true);
    expect(report.files.map(({ output }) => output)).toEqual(['a-signed.pdf', 'sub/b-signed.pdf']);
    for (const { output = '', bytes, sha256 } of report.files) {
      expect(bytes).toBe(read(output).byteLength);
      expect(sha256).toBe(createHash('sha256').update(read(output)).digest('hex'));
    }
    expect(seen.sort()).toEqual(['a.pdf', 'sub/b.pdf']);
    expect(sandbox.admin.counts()).toMatchObject({ tokensIssued: 1, documentsSigned: 2 });
    const again = await run();
    expect(again.files.map(({ problem }) => problem?.code)).toEqual(['OUTPUT_EXISTS', 'OUTPUT_EXISTS']);
    const replaced = await run({ overwrite: true });
    expect(replaced.totals).toMatchObject({ signed: 2, recovered: 2 });
    expect(sandbox.admin.counts().documentsSigned).toBe(2);
  });

  it('signs a PDF with CAdES although it was signed with PAdES before', async () => {
    const { run, sandbox } = await workspace({ 'a.pdf': minimalPdf('a') });
    expect((await run()).ok).toBe(true);
    const report = await run({ sign: { type: 'CAdES' }, suffix: '-cades' });
    expect(statuses(report)).toEqual({ 'a.pdf': 'signed', 'a-signed.pdf': 'skipped' });
    expect(sandbox.admin.counts().documentsSigned).toBe(2);
  });

  it('opens, checks and hashes each file once', async () => {
    const { run, root } = await workspace({
      'a.pdf': minimalPdf('a'),
      'b.xml': '<a/>',
      'c.pdf': minimalPdf('c'.repeat(400_000)),
    });
    const hash = vi.spyOn(nodePlatform, 'sha256');
    const contentHash = vi.spyOn(nodePlatform, 'createSha256');
    const report = await run({}, [`${root}/*`]);
    expect(report.totals.signed).toBe(3);
    // Files are hashed as they are read; only the reference of the request is left.
    expect(hash).toHaveBeenCalledTimes(1);
    // One for each content that came back, to check it.
    expect(contentHash).toHaveBeenCalledTimes(3);
    hash.mockRestore();
    contentHash.mockRestore();
  });

  it('keeps the tree below the root in an output directory and leaves out earlier outputs', async () => {
    const { run, root } = await workspace({ 'a.pdf': minimalPdf('a'), 'x/y/a.pdf': minimalPdf('a') });
    const first = await run({ directory: 'out' });
    expect(first.files.map(({ output }) => output)).toEqual(['out/a.pdf', 'out/x/y/a.pdf']);
    const second = await run({ directory: 'out' });
    expect(statuses(second)).toEqual({ 'a.pdf': 'failed', 'x/y/a.pdf': 'failed' });
    expect(readdirSync(join(root, 'out')).sort()).toEqual(['a.pdf', 'x']);
  });

  it('skips files that are signed and not those that only mention a byte range', async () => {
    const { run, read, root } = await workspace({ 'a.pdf': minimalPdf('a') });
    await run();
    const comment = Buffer.concat([minimalPdf('b'), Buffer.from('% /ByteRange [0 1 2 3]\n')]);
    writeFileSync(join(root, 'b.pdf'), comment);
    writeFileSync(join(root, 'c.pdf'), read('a-signed.pdf'));
    const report = await run({ suffix: '-2' }, [`${root}/[bc].pdf`]);
    expect(statuses(report)).toEqual({ 'b.pdf': 'signed', 'c.pdf': 'skipped' });
    expect((await run({ suffix: '-3', skipSigned: false }, [`${root}/c.pdf`])).totals.signed).toBe(1);
  });

  it('replaces files in place, keeps their mode and follows links inside the root only', async () => {
    const outside = join(temporaryFolder(), 'secret.pdf');
    writeFileSync(outside, minimalPdf('secret'));
    const { run, root, read, sandbox } = await workspace({ 'real/a.pdf': minimalPdf('a') });
    chmodSync(join(root, 'real/a.pdf'), 0o640);
    symlinkSync(join(root, 'real/a.pdf'), join(root, 'inside.pdf'));
    symlinkSync(outside, join(root, 'outside.pdf'));
    const report = await run({ inPlace: true }, [`${root}/*.pdf`]);
    expect(statuses(report)).toEqual({ 'inside.pdf': 'signed', 'outside.pdf': 'failed' });
    expect(report.files[1]?.problem).toMatchObject({
      code: 'LINK_OUTSIDE_ROOT',
      detail: expect.stringContaining('outside.pdf'),
    });
    expect(readFileSync(outside).equals(minimalPdf('secret'))).toBe(true);
    expect(read('real/a.pdf').includes('/ByteRange')).toBe(true);
    expect(statSync(join(root, 'real/a.pdf')).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(root, 'real'))).toEqual(['a.pdf']);
    expect(sandbox.admin.counts().documentsSigned).toBe(1);
  });

  it('fails bad documents alone and sends nothing of them', async () => {
    const { run, sandbox } = await workspace({
      'a.pdf': minimalPdf('a'),
      'bad.pdf': 'no PDF',
      'empty.pdf': '',
      'z.pdf': minimalPdf('z'),
    });
    const report = await run();
    expect(statuses(report)).toEqual({
      'a.pdf': 'signed',
      'bad.pdf': 'failed',
      'empty.pdf': 'failed',
      'z.pdf': 'signed',
    });
    expect(report.files[1]?.problem).toMatchObject({ code: 'DOCUMENT_NOT_PDF', title: 'The document is not a PDF' });
    expect(sandbox.admin.counts().documentsSigned).toBe(2);
  });

  it('sends nothing in a dry run', async () => {
    const { run, sandbox, root } = await workspace({ 'a.pdf': minimalPdf('a'), 'bad.pdf': 'no PDF' });
    expect(statuses(await run({ dryRun: true }))).toEqual({ 'a.pdf': 'checked', 'bad.pdf': 'failed' });
    expect(sandbox.admin.requests()).toEqual([]);
    expect(readdirSync(root).sort()).toEqual(['a.pdf', 'bad.pdf']);
  });

  it('reports files that were not sent when the credentials are refused', async () => {
    const { run, sandbox } = await workspace({ 'a.pdf': minimalPdf('a'), 'b.pdf': minimalPdf('b') });
    const report = await run({ client: clientOf(sandbox, { clientSecret: 'wrong' }), batchSize: 1, concurrency: 1 });
    expect(report.stoppedBy).toMatchObject({ code: 'CREDENTIALS_REFUSED' });
    expect(report.ok).toBe(false);
    expect(report.totals.signed).toBe(0);
    expect(sandbox.admin.counts().tokenRequests).toBe(1);
  });

  it('sends nothing more after the first failure with failFast', async () => {
    const { run, sandbox } = await workspace({ 'a.pdf': 'no PDF', 'b.pdf': minimalPdf('b'), 'c.pdf': minimalPdf('c') });
    const report = await run({ failFast: true });
    expect(statuses(report)).toEqual({ 'a.pdf': 'failed', 'b.pdf': 'not-sent', 'c.pdf': 'not-sent' });
    expect(sandbox.admin.counts().documentsSigned).toBe(0);
  });

  it('reports what was cancelled and throws nothing', async () => {
    const { run } = await workspace({ 'a.pdf': minimalPdf('a'), 'b.pdf': minimalPdf('b') });
    const controller = new AbortController();
    const report = await run({
      batchSize: 1,
      concurrency: 1,
      signal: controller.signal,
      onResult: () => controller.abort(),
    });
    expect(report.ok).toBe(false);
    expect(report.totals.signed + report.totals.cancelled + report.totals['not-sent']).toBe(2);
    expect(report.totals.signed).toBeGreaterThan(0);
  });

  it('keeps the original when a signed file is rejected by the check', async () => {
    const { run, read } = await workspace({ 'a.pdf': minimalPdf('a') });
    const report = await run({ inPlace: true, verify: () => 'it is not what was asked for' });
    expect(report.files[0]).toMatchObject({ status: 'failed', problem: { code: 'CONTENT_NOT_VALID' } });
    expect(read('a.pdf').equals(minimalPdf('a'))).toBe(true);
  });

  it('refuses a file that changes after it was checked', async () => {
    const large = minimalPdf('a'.repeat(400_000));
    const { run, root, sandbox } = await workspace({ 'a.pdf': large });
    const reference = () => {
      writeFileSync(join(root, 'a.pdf'), minimalPdf('b'.repeat(400_000)));
      return 'r';
    };
    const report = await run({ reference });
    expect(report.files[0]?.problem?.code).toBe('DOCUMENT_CHANGED');
    expect(sandbox.admin.counts().documentsSigned).toBe(0);
  });

  it('takes references from the caller and refuses the same one twice', async () => {
    const { run, sandbox } = await workspace({ 'a.pdf': minimalPdf('a'), 'b.pdf': minimalPdf('b') });
    const report = await run({ reference: () => 'same' });
    expect(statuses(report)).toEqual({ 'a.pdf': 'signed', 'b.pdf': 'failed' });
    expect(report.files[1]?.problem?.code).toBe('DUPLICATE_REFERENCE');
    expect(sandbox.admin.counts().signedByReference).toEqual({ same: 1 });
  });

  it('retrieves the signed version of another rendering only if the reference identifies the document', async () => {
    const { run, read, root, sandbox } = await workspace({ 'a.pdf': minimalPdf('a') });
    const reference = async ({ name }: { name: string }) => `invoice-${name[0]}`;
    await run({ reference });
    const first = read('a-signed.pdf');
    writeFileSync(join(root, 'a.pdf'), minimalPdf('another rendering of a'));
    const refused = await run({ reference, overwrite: true });
    expect(refused.files[0]).toMatchObject({ status: 'failed', problem: { code: 'CONTENT_NOT_VALID' } });
    const report = await run({ reference, overwrite: true, recoveredContent: 'any' });
    expect(report.files[0]).toMatchObject({ status: 'signed', recovered: true, reference: 'invoice-a' });
    expect(read('a-signed.pdf').equals(first)).toBe(true);
    expect(sandbox.admin.counts().documentsSigned).toBe(1);
  });

  it('names patterns and paths that match nothing', async () => {
    const { run, root } = await workspace({});
    const report = await run({}, [join(root, 'none.pdf')]);
    expect(report.missing).toEqual(['none.pdf']);
    expect(report.files).toEqual([]);
  });

  it('refuses contradictory outputs before it reads anything', async () => {
    const { run } = await workspace({});
    await expect(run({ inPlace: true, suffix: '-x' })).rejects.toMatchObject({ setting: 'inPlace' });
  });
});
