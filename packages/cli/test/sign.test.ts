import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  isSignedVersionOf,
  pdfs,
  simplePdf,
  startTestSandbox,
  temporaryFolder,
  writeFiles,
} from '@signstash-connect/testing';
import { unzipSync } from 'fflate';
import { type PDFDict, PDFDocument, PDFHexString, PDFName, PDFString } from 'pdf-lib';
import { expect, it } from 'vitest';
import { type CliRun, envFor, objectsOf, type RunOptions, runCli } from './support/run-cli.ts';

/** A sandbox, and a folder with as many PDFs, in which commands run. */
async function setUp(count = 2) {
  const sandbox = await startTestSandbox();
  const cwd = temporaryFolder();
  const files = pdfs(count);
  writeFiles(cwd, files);
  const env = { ...envFor(sandbox), XDG_STATE_HOME: join(cwd, '.state') };
  const run = (args: string[], options: RunOptions = {}): Promise<CliRun> => runCli(args, { cwd, env, ...options });
  return { sandbox, cwd, files, env, run };
}

it('writes signed files next to the originals and prints one line for each', async () => {
  const { cwd, files, run } = await setUp();
  const { exitCode, stdout, stderr } = await run(['sign', '*.pdf']);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  expect(stdout.split('\n').slice(0, 2).sort()).toEqual([
    'signed 0.pdf -> 0-signed.pdf',
    'signed 1.pdf -> 1-signed.pdf',
  ]);
  expect(stdout).toMatch(/\n2 signed, in \d+\.\d s\.\n$/);
  for (const { name, bytes } of files) {
    expect(isSignedVersionOf(readFileSync(join(cwd, name.replace('.pdf', '-signed.pdf'))), bytes)).toBe(true);
  }
});

it('mirrors subfolders below --out, with a suffix if one is given', async () => {
  const { cwd, run } = await setUp(0);
  writeFiles(cwd, [{ name: 'a/b/1.pdf', bytes: simplePdf('a') }]);
  expect((await run(['sign', '**/*.pdf', '--out', 'signed', '--suffix', '-x'])).exitCode).toBe(0);
  expect(existsSync(join(cwd, 'signed/a/b/1-x.pdf'))).toBe(true);
});

it('replaces files with --in-place', async () => {
  const { cwd, files, run } = await setUp(1);
  expect((await run(['sign', '0.pdf', '--in-place'])).exitCode).toBe(0);
  expect(isSignedVersionOf(readFileSync(join(cwd, '0.pdf')), files[0]!.bytes)).toBe(true);
  expect((await run(['sign', '0.pdf', '--in-place'])).stdout).toContain('skipped 0.pdf: it is already signed');
});

it('refuses to replace a signed file without --overwrite, and sends nothing', async () => {
  const { cwd, sandbox, run } = await setUp(1);
  writeFileSync(join(cwd, '0-signed.pdf'), 'mine');
  const refused = await run(['sign', '0.pdf']);
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('OUTPUT_EXISTS') });
  expect(refused.stderr).toContain('Choose another --out or --suffix, or set --overwrite.');
  expect(sandbox.admin.counts().requests.sign).toBe(0);
  expect((await run(['sign', '0.pdf', '--overwrite'])).exitCode).toBe(0);
  expect(readFileSync(join(cwd, '0-signed.pdf')).includes('ETSI.CAdES.detached')).toBe(true);
});

it('sends the sign options of its flags', async () => {
  const { cwd, run } = await setUp(1);
  const options = [
    '--reason',
    'Fatura',
    '--visible-position',
    'page=1,x=70,y=100',
    '--visible-text',
    'Selo',
    '--timestamp',
  ];
  expect(await run(['sign', '0.pdf', ...options])).toMatchObject({ exitCode: 0, stderr: '' });
  const signed = await PDFDocument.load(readFileSync(join(cwd, '0-signed.pdf')));
  const field = signed.getForm().getFields()[0]?.acroField;
  expect(field?.getWidgets()[0]?.getRectangle()).toMatchObject({ x: 70 });
  const signature = field?.V() as PDFDict;
  expect(signature.lookup(PDFName.of('Reason'), PDFString, PDFHexString).decodeText()).toBe('Fatura');
  const [{ signatures }] = objectsOf(await run(['verify', '0-signed.pdf', '--json'])) as [{ signatures: unknown[] }];
  expect(signatures).toEqual([expect.objectContaining({ level: 'B-T' })]);
});

it('reads the image of the visible seal from a file, and names a missing one', async () => {
  const { run } = await setUp(1);
  const visible = ['--visible-position', 'page=1,x=70,y=100', '--visible-text', 'Selo', '--visible-image', 'none.png'];
  const { exitCode, stderr } = await run(['sign', '0.pdf', ...visible]);
  expect(exitCode).toBe(3);
  expect(stderr).toContain('Invalid --visible-image: "none.png" cannot be read: ENOENT');
});

it('checks files and settings in a dry run without an account', async () => {
  const { cwd, run, sandbox } = await setUp(1);
  writeFileSync(join(cwd, 'bad.pdf'), 'text');
  const { exitCode, stdout, stderr } = await run(['sign', '*.pdf', '--dry-run'], { env: {} });
  expect(exitCode).toBe(1);
  expect(stdout).toContain('checked 0.pdf');
  expect(stderr).toContain('DOCUMENT_NOT_PDF');
  expect(sandbox.admin.counts().tokenRequests).toBe(0);
});

it('prints one stable JSON object per line', async () => {
  const { cwd, run } = await setUp(1);
  writeFileSync(join(cwd, 'bad.pdf'), 'text');
  const result = await run(['sign', '*.pdf', '--json']);
  const objects = objectsOf(result);
  expect(objects.map(({ type }) => type)).toEqual(['file', 'file', 'summary']);
  const signed = objects.find(({ status }) => status === 'signed') ?? {};
  expect(Object.keys(signed)).toEqual([
    'type',
    'file',
    'status',
    'reference',
    'operationId',
    'output',
    'bytes',
    'sha256',
  ]);
  const failed = objects.find(({ status }) => status === 'failed');
  expect(failed).toEqual({
    type: 'file',
    file: 'bad.pdf',
    status: 'failed',
    reference: expect.any(String),
    problem: {
      code: 'DOCUMENT_NOT_PDF',
      title: expect.any(String),
      detail: expect.any(String),
      hint: expect.any(String),
    },
  });
  expect(objects.at(-1)).toEqual({
    type: 'summary',
    version: 1,
    durationMs: expect.any(Number),
    totals: { signed: 1, recovered: 0, failed: 1, skipped: 0, 'not-sent': 0, cancelled: 0, checked: 0 },
  });
});

it('prints a table and a progress bar on a terminal, in colour unless NO_COLOR is set', async () => {
  const { env, run } = await setUp(2);
  const colourful = await run(['sign', '*.pdf'], { terminal: true });
  expect(colourful.stdout).toContain('\u001b[1mFile   Result  Signed file\u001b[22m\n0.pdf  signed  0-signed.pdf\n');
  const plain = await run(['sign', '*.pdf', '--overwrite'], { terminal: true, env: { ...env, NO_COLOR: '1' } });
  expect(plain.stdout).toContain('0.pdf  recovered  0-signed.pdf');
  expect(plain.stdout).not.toContain('\u001b');
});

it('prints only problems with --quiet', async () => {
  const { cwd, run } = await setUp(1);
  writeFileSync(join(cwd, 'bad.pdf'), 'text');
  const { stdout, stderr } = await run(['sign', '*.pdf', '--quiet']);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^error: failed bad\.pdf: .*\(DOCUMENT_NOT_PDF\)\n$/);
});

it('keeps control characters of names out of the terminal', async () => {
  const { cwd, run } = await setUp(0);
  writeFiles(cwd, [{ name: 'a\u001b[31m\nb.pdf', bytes: simplePdf('x') }]);
  const { stdout } = await run(['sign', '*.pdf']);
  expect(stdout).toContain('signed a [31m b.pdf -> a [31m b-signed.pdf\n');
});

it.each(['csv', 'json', 'xlsx'])('writes a report as %s', async (format) => {
  const { cwd, run } = await setUp(2);
  writeFiles(cwd, [{ name: '=HYPERLINK(1).pdf', bytes: simplePdf('formula') }]);
  expect((await run(['sign', '*.pdf', '--report', `report.${format}`])).exitCode).toBe(0);
  const bytes = readFileSync(join(cwd, `report.${format}`));
  if (format === 'csv') expect(bytes.toString()).toContain('"0.pdf","signed","no","0-signed.pdf"');
  else if (format === 'json') expect(JSON.parse(bytes.toString())).toMatchObject({ version: 1, totals: { signed: 3 } });
  else {
    const parts = Object.entries(unzipSync(bytes)).map(([name, part]) => [name, Buffer.from(part).toString()] as const);
    const text = parts.map(([, part]) => part).join('');
    for (const value of ['sha256', '0-signed.pdf', '=HYPERLINK(1).pdf']) expect(text).toContain(value);
    // A formula would be an <f> element.
    expect(text).not.toMatch(/<f[ >]/);
  }
});

it('refuses a report format that it cannot write before anything is sent', async () => {
  const { run, sandbox } = await setUp(1);
  const { exitCode, stderr } = await run(['sign', '0.pdf', '--report', 'report.docx']);
  expect(exitCode).toBe(2);
  expect(stderr).toBe('error: Invalid --report "report.docx": expected a file that ends in .csv, .json, .xlsx.\n');
  expect(sandbox.admin.counts().tokenRequests).toBe(0);
});

it('refuses a report that it cannot write before anything is sent', async () => {
  const { run, sandbox } = await setUp(1);
  const { exitCode, stderr } = await run(['sign', '0.pdf', '--report', '0.pdf/report.csv']);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^error: --report "0\.pdf\/report\.csv" cannot be written: /);
  expect(sandbox.admin.counts().tokenRequests).toBe(0);
});

it('reports that the files are signed if the report cannot be written afterwards', async () => {
  const { run, cwd, sandbox } = await setUp(1);
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs: 300 });
  const running = run(['sign', '0.pdf', '--report', 'reports/report.csv']);
  await expect.poll(() => sandbox.admin.counts().requests.sign, { timeout: 20_000, interval: 10 }).toBe(1);
  rmSync(join(cwd, 'reports'), { recursive: true });
  const { exitCode, stdout, stderr } = await running;
  expect(exitCode).toBe(1);
  expect(stdout).toContain('1 signed, in');
  expect(stderr).toMatch(/^error: The files are signed, but the report could not be written: ENOENT/);
});

it('writes checksums relative to the folder of the list', async () => {
  const { cwd, run } = await setUp(1);
  await run(['sign', '0.pdf', '--out', 'signed', '--checksums', 'signed/SHA256SUMS']);
  const hash = createHash('sha256')
    .update(readFileSync(join(cwd, 'signed/0.pdf')))
    .digest('hex');
  expect(readFileSync(join(cwd, 'signed/SHA256SUMS'), 'utf8')).toBe(`${hash}  0.pdf\n`);
});

it('continues from its journal with --resume', async () => {
  const { run, sandbox } = await setUp(2);
  expect((await run(['sign', '*.pdf', '--resume'])).exitCode).toBe(0);
  const { requests } = sandbox.admin.counts();
  const again = await run(['sign', '*.pdf', '--resume', '--json']);
  expect(objectsOf(again).at(-1)).toMatchObject({ totals: { signed: 2, recovered: 2 } });
  expect(sandbox.admin.counts().requests).toEqual(requests);
});

it('keeps a journal without being asked if the proxy cannot be queried', async () => {
  const { cwd, env, run, sandbox } = await setUp(1);
  const viaProxy = { ...env, SIGNSTASH_API_URL: '', SIGNSTASH_PROXY_URL: sandbox.proxyUrl };
  await run(['sign', '0.pdf'], { env: viaProxy });
  expect(readdirSync(join(cwd, '.state/signstash'))).toEqual([expect.stringMatching(/^[0-9a-f]{16}\.jsonl$/)]);
});

it.each([
  ['a flag', (store: string) => ({ flags: ['--result-store', store] })],
  ['a variable', (store: string) => ({ variables: { SIGNSTASH_RESULT_STORE: store } })],
  ['the configuration file', (store: string) => ({ config: { resultStore: store } })],
])('restores documents signed through the proxy from the result store of %s', async (_, set) => {
  const { cwd, env, run, sandbox } = await setUp(3);
  const given: { flags?: string[]; variables?: object; config?: object } = set('results');
  if (given.config) writeFileSync(join(cwd, 'signstash.config.json'), JSON.stringify(given.config));
  const viaProxy = { ...env, SIGNSTASH_API_URL: '', SIGNSTASH_PROXY_URL: sandbox.proxyUrl };
  const sign = (args: readonly string[], variables?: object) =>
    run(['sign', '*.pdf', '--out', 'signed', ...args], { env: { ...viaProxy, ...variables } });
  const first = await sign(given.flags ?? [], given.variables);
  expect(first).toMatchObject({ exitCode: 0, stderr: '' });
  const content = readFileSync(join(cwd, 'signed/0.pdf'));
  rmSync(join(cwd, 'signed'), { recursive: true });
  const again = await sign(given.flags ?? [], given.variables);
  expect(again).toMatchObject({ exitCode: 0, stderr: '' });
  expect(again.stdout).toContain('recovered 0.pdf -> signed/0.pdf');
  expect(readFileSync(join(cwd, 'signed/0.pdf')).equals(content)).toBe(true);
  // Also without the journal, which an on-premise run keeps.
  rmSync(join(cwd, 'signed'), { recursive: true });
  rmSync(join(cwd, '.state'), { recursive: true });
  expect((await sign(given.flags ?? [], given.variables)).exitCode).toBe(0);
  expect(sandbox.admin.counts()).toMatchObject({ documentsSigned: 3, requests: { sign: 1 } });
});

it('cannot restore documents signed through the proxy without a result store', async () => {
  const { cwd, env, run, sandbox } = await setUp(1);
  const viaProxy = { ...env, SIGNSTASH_PROXY_URL: sandbox.proxyUrl };
  expect((await run(['sign', '0.pdf'], { env: viaProxy })).exitCode).toBe(0);
  rmSync(join(cwd, '0-signed.pdf'));
  expect(await run(['sign', '0.pdf'], { env: viaProxy })).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('(CONTENT_UNAVAILABLE)'),
  });
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});

it('keeps two commands from signing the same file at the same time with --lock', async () => {
  const { run, sandbox } = await setUp(1);
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 300 });
  const args = ['sign', '0.pdf', '--lock', 'file:locks', '--json'];
  const runs = await Promise.all([run([...args, '--out', 'a']), run([...args, '--out', 'b'])]);
  expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});

it.each(['signature', 'chain'])('verifies each signed file with --verify %s', async (level) => {
  const { cwd, sandbox, run } = await setUp(1);
  writeFileSync(join(cwd, 'ca.pem'), sandbox.caCertificatePem);
  const trust = level === 'chain' ? ['--trust', 'ca.pem'] : [];
  expect(await run(['sign', '0.pdf', '--verify', level, ...trust])).toMatchObject({ exitCode: 0, stderr: '' });
});

it('refuses --verify chain without roots, or with a file that is not a certificate', async () => {
  const { cwd, run } = await setUp(1);
  writeFileSync(join(cwd, 'ca.pem'), 'nothing');
  expect(await run(['sign', '0.pdf', '--verify', 'chain'])).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining('--verify "chain" needs SIGNSTASH_TRUST (or --trust)'),
  });
  expect(await run(['sign', '0.pdf', '--verify', 'chain', '--trust', 'ca.pem'])).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining('Invalid --trust: '),
  });
});

it('signs without an account with --sandbox', async () => {
  const { cwd, files, run } = await setUp(1);
  const { exitCode, stderr } = await run(['sign', '0.pdf', '--sandbox'], {
    env: { SIGNSTASH_ENVIRONMENT: 'production' },
  });
  expect(exitCode).toBe(0);
  expect(stderr).toBe('warning: Sandbox: the seals are not qualified and have no legal value.\n');
  expect(isSignedVersionOf(readFileSync(join(cwd, '0-signed.pdf')), files[0]!.bytes)).toBe(true);
});
