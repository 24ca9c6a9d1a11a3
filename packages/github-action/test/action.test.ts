import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Sandbox, type SandboxOptions, startSandbox } from '@signstash-connect/sandbox';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { minimalPdf } from '../../core/test/support/minimal-pdf.ts';
import { type ActionRun, runAction } from './harness/run-action.ts';

const stateDirectory = mkdtempSync(join(tmpdir(), 'signstash-action-state-'));
afterAll(() => rmSync(stateDirectory, { recursive: true, force: true }));

async function sandboxed(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ stateDirectory, ...options });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

/** A workspace with these files. */
function workspaceWith(files: Record<string, Buffer | string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'signstash-workspace-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const inputsOf = ({ tokenUrl, apiUrl, clientId, clientSecret }: Sandbox, more: Record<string, string> = {}) => ({
  files: '**/*.pdf',
  'token-url': tokenUrl,
  'api-url': apiUrl,
  'client-id': clientId,
  'client-secret': clientSecret,
  ...more,
});

const errorsOf = ({ commands }: ActionRun) => commands.filter(({ name }) => name === 'error');
const isSealed = (path: string) => readFileSync(path).includes('ETSI.CAdES.detached');

/** No secret may be anywhere but in the lines that tell the runner to mask it. */
function expectNoSecrets({ raw, summary, outputs, temporary }: ActionRun, { clientId, clientSecret }: Sandbox): void {
  const masks = raw.split('\n').filter((line) => line.startsWith('::add-mask::'));
  const rest = raw.split('\n').filter((line) => !line.startsWith('::add-mask::'));
  const report = readdirSync(temporary).map((name) => readFileSync(join(temporary, name), 'utf8'));
  const everything = [...rest, summary, JSON.stringify(outputs), ...report].join('\n');
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  for (const secret of [clientSecret, encodeURIComponent(clientSecret), basic])
    expect(everything).not.toContain(secret);
  expect(everything).not.toMatch(/eyJ[\w-]+\.|Bearer [\w-]/);
  expect(masks.join('\n')).toContain(basic);
}

describe('sealing', () => {
  test('files are sealed next to themselves; outputs, summary and report tell of them; nothing secret is printed', async () => {
    const sandbox = await sandboxed();
    const workspace = workspaceWith({ 'a.pdf': minimalPdf('a'), 'sub/b.pdf': minimalPdf('b'), 'notes.txt': 'x' });
    const run = await runAction(workspace, { inputs: inputsOf(sandbox, { reason: 'Release' }) });
    expect(run.raw).toContain('2 sealed, 0 failed, 0 skipped.');
    expect(run.exitCode).toBe(0);
    expect(JSON.parse(run.outputs['signed-files'] ?? '').sort()).toEqual(['a-signed.pdf', 'sub/b-signed.pdf']);
    expect(run.outputs).toMatchObject({ 'signed-count': '2', 'failed-count': '0', 'skipped-count': '0' });
    expect(JSON.parse(run.outputs['operation-ids'] ?? '')).toHaveLength(1);
    expect(JSON.parse(readFileSync(run.outputs['report-path'] ?? '', 'utf8'))).toHaveLength(2);
    expect(run.summary).toContain('| a.pdf | sealed |');
    for (const name of ['a-signed.pdf', 'sub/b-signed.pdf']) expect(isSealed(join(workspace, name))).toBe(true);
    expectNoSecrets(run, sandbox);
  });

  test('an output directory keeps the tree; exclusions and visible seals work', async () => {
    const sandbox = await sandboxed();
    const workspace = workspaceWith({
      'in/a.pdf': minimalPdf('a'),
      'in/x/b.pdf': minimalPdf('b'),
      'in/c.pdf': minimalPdf('c'),
    });
    const visible = { 'visible-template': 'Sealed', 'visible-position': 'page=1,x=70,y=100', 'visible-size': '155x50' };
    const inputs = inputsOf(sandbox, {
      files: 'in/**/*.pdf\n!in/c.pdf\n# a comment',
      'output-directory': 'out',
      ...visible,
    });
    expect((await runAction(workspace, { inputs })).exitCode).toBe(0);
    expect(readdirSync(join(workspace, 'out'), { recursive: true }).sort()).toEqual([
      'in',
      'in/a.pdf',
      'in/x',
      'in/x/b.pdf',
    ]);
    expect(readFileSync(join(workspace, 'out/in/a.pdf'), 'latin1')).toContain('/AP');
  });

  test('in place, once: a second run leaves out what is signed', async () => {
    const sandbox = await sandboxed();
    const workspace = workspaceWith({ 'a.pdf': minimalPdf('a') });
    const inputs = inputsOf(sandbox, { 'in-place': 'true', 'skip-signed': 'true' });
    expect((await runAction(workspace, { inputs })).outputs['signed-count']).toBe('1');
    const again = await runAction(workspace, { inputs });
    expect(again.outputs).toMatchObject({ 'signed-count': '0', 'skipped-count': '1' });
    expect(isSealed(join(workspace, 'a.pdf'))).toBe(true);
    expect(sandbox.admin.counts().documentsSealed).toBe(1);
  });

  test('200 files make one token request and few sign requests, and a summary within its limits', async () => {
    const sandbox = await sandboxed();
    const files = Array.from({ length: 200 }, (_, index) => [`invoices/${index}.pdf`, minimalPdf(`Fatura ${index}`)]);
    const run = await runAction(workspaceWith(Object.fromEntries(files)), { inputs: inputsOf(sandbox) });
    expect(run.outputs['signed-count']).toBe('200');
    expect(sandbox.admin.counts().tokenRequests).toBe(1);
    expect(sandbox.admin.counts().requests.sign).toBeLessThanOrEqual(5);
    expect(Buffer.byteLength(run.summary)).toBeLessThan(1024 * 1024);
  });

  test('file names with everything in them', async () => {
    const sandbox = await sandboxed();
    const names = ['100%.pdf', 'a,b.pdf', 'c:d.pdf', 'line\nbreak.pdf', 'ação [1].pdf', '"q".pdf'];
    const bad = 'bad % , : \n çã.pdf';
    const workspace = workspaceWith({
      ...Object.fromEntries(names.map((name) => [name, minimalPdf(name.replace('\n', ' '))])),
      [bad]: 'x',
    });
    const run = await runAction(workspace, { inputs: inputsOf(sandbox) });
    expect(run.outputs).toMatchObject({ 'signed-count': '6', 'failed-count': '1' });
    for (const name of names) expect(isSealed(join(workspace, `${name.slice(0, -4)}-signed.pdf`))).toBe(true);
    expect(errorsOf(run)[0]?.properties).toMatchObject({ file: bad, title: 'Not sealed: DOCUMENT_NOT_PDF' });
    expect(run.summary.split('\n').filter((line) => line.startsWith('| bad'))).toHaveLength(1);
  });

  test('the external reference is made of its template', async () => {
    const sandbox = await sandboxed();
    const workspace = workspaceWith({ 'in/a b.pdf': minimalPdf('a') });
    const inputs = inputsOf(sandbox, { 'external-reference': '{repository}:{run}:{path}' });
    await runAction(workspace, { inputs });
    expect(Object.keys(sandbox.admin.counts().sealedByReference)).toEqual(['acme-invoices:42:in-a-b.pdf']);
  });

  test('a dry run checks everything and sends nothing', async () => {
    const sandbox = await sandboxed();
    const workspace = workspaceWith({ 'a.pdf': minimalPdf('a'), 'bad.pdf': 'x' });
    const run = await runAction(workspace, { inputs: inputsOf(sandbox, { 'dry-run': 'true' }) });
    expect([run.exitCode, run.outputs['failed-count'], run.outputs['signed-count']]).toEqual([1, '1', '0']);
    expect(errorsOf(run).length).toBeGreaterThan(0);
    expect(sandbox.admin.requests()).toEqual([]);
  });
});

describe('failures of the service', () => {
  const one = () => workspaceWith({ 'a.pdf': minimalPdf('a') });

  test('refused credentials: one token request, and an error that names the settings', async () => {
    const sandbox = await sandboxed();
    const run = await runAction(one(), { inputs: { ...inputsOf(sandbox), 'client-secret': 'another-secret-value' } });
    expect(run.exitCode).toBe(1);
    expect(errorsOf(run)[0]?.data).toMatch(/client id.*client secret/);
    expect(run.raw.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain('another-secret-value');
    expect(sandbox.admin.counts().tokenRequests).toBe(1);
  });

  test.each([
    ['a refused token', { kind: 'unauthorized', endpoint: 'sign' }],
    ['429', { kind: 'rate-limit', endpoint: 'sign', retryAfterSeconds: 0 }],
    ['500 after sealing', { kind: 'server-error', endpoint: 'sign', phase: 'after' }],
    ['a dropped connection', { kind: 'drop', endpoint: 'sign', phase: 'after' }],
  ] as const)('%s is recovered from, with one seal', async (_, fault) => {
    const sandbox = await sandboxed({ duplicateReferences: 'seal-again' });
    sandbox.admin.addFault(fault);
    const run = await runAction(one(), { inputs: inputsOf(sandbox) });
    expect([run.exitCode, sandbox.admin.counts().documentsSealed]).toEqual([0, 1]);
  });

  test('413 for one file is its own failure, with what to do', async () => {
    const sandbox = await sandboxed();
    sandbox.admin.addFault({ kind: 'reject', endpoint: 'sign', status: 413, times: 10 });
    const run = await runAction(one(), { inputs: inputsOf(sandbox) });
    expect(errorsOf(run)[0]).toMatchObject({ properties: { title: 'Not sealed: PAYLOAD_TOO_LARGE', file: 'a.pdf' } });
    expect(run.exitCode).toBe(1);
  });

  test('a service that hangs ends in a timeout, and the seal is found all the same', async () => {
    const sandbox = await sandboxed({ duplicateReferences: 'seal-again' });
    sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs: 2_500 });
    const run = await runAction(one(), { inputs: inputsOf(sandbox, { timeout: '1s' }) });
    expect([run.exitCode, run.outputs['signed-count'], sandbox.admin.counts().documentsSealed]).toEqual([0, '1', 1]);
  });

  test('one bad file fails alone; fail-fast sends nothing more', async () => {
    const sandbox = await sandboxed();
    const workspace = workspaceWith({ 'a.pdf': 'x', 'b.pdf': minimalPdf('b'), 'c.pdf': minimalPdf('c') });
    const patient = await runAction(workspace, { inputs: inputsOf(sandbox) });
    expect(patient.outputs).toMatchObject({ 'signed-count': '2', 'failed-count': '1' });
    expect(patient.exitCode).toBe(1);
  });

  test('a run on the same machine goes on where it was cancelled, and seals nothing twice', async () => {
    const sandbox = await sandboxed({ duplicateReferences: 'seal-again' });
    const files = Array.from({ length: 30 }, (_, index) => [`${index}.pdf`, minimalPdf(`${index}`)]);
    const workspace = workspaceWith(Object.fromEntries(files));
    sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs: 1_500, times: 2 });
    const inputs = inputsOf(sandbox, { 'batch-size': '10' });
    const cancelled = await runAction(workspace, {
      inputs,
      during: (child) => setTimeout(() => child.kill('SIGINT'), 1_200),
    });
    expect(cancelled.exitCode).toBe(1);
    expect(cancelled.raw).toContain('Cancelled');
    expect(JSON.parse(readFileSync(cancelled.outputs['report-path'] ?? '', 'utf8'))).toHaveLength(30);
    const again = await runAction(workspace, {
      inputs: { ...inputs, overwrite: 'true' },
      temporary: cancelled.temporary,
    });
    expect([again.exitCode, again.outputs['signed-count']]).toEqual([0, '30']);
    const counts = Object.values(sandbox.admin.counts().sealedByReference);
    expect([counts.length, Math.max(...counts)]).toEqual([30, 1]);
  });
});

describe('inputs', () => {
  test.each([
    ['files', { files: '' }],
    ['client-secret', { 'client-secret': '' }],
    ['environment', { 'token-url': '' }],
    ['environment', { environment: 'prod' }],
    ['timestamp', { timestamp: 'yes' }],
    ['batch-size', { 'batch-size': '100' }],
    ['timeout', { timeout: '5' }],
    ['in-place', { 'in-place': 'true', 'output-directory': 'out' }],
    ['visible-template', { 'visible-field': 'Seal' }],
    ['visible-size', { 'visible-size': '155x50' }],
    ['visible-position', { 'visible-position': '1,70,100', 'visible-template': 'x' }],
    ['external-reference', { 'external-reference': '{sha1}' }],
    ['external-reference', { 'external-reference': '{run}' }],
    ['delivery-attach', { 'delivery-attach': 'true' }],
    ['if-no-files-found', { 'if-no-files-found': 'fail' }],
    ['outputdirectory', { outputdirectory: 'x' }],
  ])('%s: %j is refused by its name', async (name, wrong) => {
    const sandbox = await sandboxed();
    const run = await runAction(workspaceWith({ 'a.pdf': minimalPdf() }), { inputs: inputsOf(sandbox, wrong) });
    expect(run.exitCode).toBe(1);
    expect(errorsOf(run)[0]?.data).toContain(`'${name}'`);
    expect(sandbox.admin.requests()).toEqual([]);
  });

  test.each([
    ['error', 1, 'error'],
    ['warn', 0, 'warning'],
    ['ignore', 0, undefined],
  ])('no file found: %s', async (choice, exitCode, command) => {
    const sandbox = await sandboxed();
    const run = await runAction(workspaceWith({}), { inputs: inputsOf(sandbox, { 'if-no-files-found': choice }) });
    expect(run.exitCode).toBe(exitCode);
    expect(run.commands.find(({ data }) => data.startsWith('No files match'))?.name).toBe(command);
  });
});

test('HTTP_PROXY is obeyed', async () => {
  const { createServer, request } = await import('node:http');
  let proxied = 0;
  const proxy = createServer((incoming, outgoing) => {
    proxied++;
    const onward = request(incoming.url ?? '', { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  proxy.on('connect', (incoming, client) => {
    proxied++;
    const [host, port] = (incoming.url ?? '').split(':');
    import('node:net').then(({ connect }) => {
      const server = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        server.pipe(client).pipe(server);
      });
      server.on('error', () => client.destroy());
      client.on('error', () => server.destroy());
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  const { port } = proxy.address() as { port: number };
  const sandbox = await sandboxed();
  const run = await runAction(workspaceWith({ 'a.pdf': minimalPdf() }), {
    inputs: inputsOf(sandbox),
    env: { http_proxy: `http://127.0.0.1:${port}` },
  });
  expect([run.exitCode, proxied > 0]).toEqual([0, true]);
});
