import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type * as fs from 'node:fs/promises';
import { join } from 'node:path';
import type { Sandbox } from '@signstash-connect/sandbox';
import { expect, onTestFinished, test, vi } from 'vitest';
import { MemoryReferenceLock } from '../../src/adapter-node.ts';
import type { Transport } from '../../src/client.ts';
import { prepareDirectory } from '../../src/files/temp-file.ts';
import { type BatchOptions, type BatchResult, onPremise, type SignStash } from '../../src/index.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, testSandbox } from '../support/sandbox-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Free bytes that the file system reports; undefined for the real value. */
const disk = vi.hoisted(() => ({ free: undefined as number | undefined }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  const statfs = async (path: string) => {
    const found = await real.statfs(path);
    return disk.free === undefined ? found : { ...found, bsize: 1, bavail: disk.free };
  };
  return { ...real, statfs };
});

function invoices(count: number, folder = temporaryFolder()): string {
  for (let index = 0; index < count; index++)
    writeFileSync(join(folder, `${index}.pdf`), minimalPdf(`Fatura ${index}`));
  return folder;
}

function viaProxy(sandbox: Sandbox, overrides: Parameters<typeof clientOf>[1] = {}): SignStash {
  const { proxyUrl, tokenUrl, apiUrl } = sandbox;
  return clientOf(sandbox, {
    environment: onPremise({ proxyUrl, authorizationServer: { tokenUrl, apiUrl } }),
    ...overrides,
  });
}

async function collect(batch: AsyncIterable<BatchResult>): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  for await (const result of batch) results.push(result);
  return results;
}

const errorOf = (result: BatchResult | undefined) => (result?.ok === false ? result.error : undefined);
const codes = (results: BatchResult[]) => new Set(results.map((result) => errorOf(result)?.code ?? 'ok'));

/** A folder that the system takes for its temporary one during this test. */
function systemTemporaryFolder(): string {
  const folder = temporaryFolder();
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, folder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  return folder;
}

test('nothing is sent if the output directory cannot be written', async () => {
  const sandbox = await testSandbox();
  const folder = invoices(40);
  writeFileSync(join(folder, 'file'), '');
  const options = { outputDirectory: join(folder, 'file', 'out'), batchSize: 4 };
  for (const signstash of [viaProxy(sandbox), clientOf(sandbox)]) {
    const batch = signstash.signAll(`${folder}/*.pdf`, options);
    const results = await collect(batch);
    expect(codes(results)).toEqual(new Set(['OUTPUT_FAILED']));
    expect(errorOf(results[0])?.message).toContain(options.outputDirectory);
    expect(errorOf(results[0])?.hint).toContain('not sent');
    expect(batch.summary.stoppedBy?.code).toBe('OUTPUT_FAILED');
  }
  expect(sandbox.admin.counts()).toMatchObject({ documentsSigned: 0, requests: {} });
  expect(sandbox.admin.requests().filter(({ endpoint }) => endpoint === 'sign')).toEqual([]);
});

test('nothing is sent if the disk has too little space for the signed documents', async () => {
  const sandbox = await testSandbox();
  const folder = invoices(10);
  disk.free = 500_000;
  onTestFinished(() => {
    disk.free = undefined;
  });
  const results = await collect(viaProxy(sandbox).signAll(`${folder}/*.pdf`));
  expect(codes(results)).toEqual(new Set(['OUTPUT_FAILED']));
  expect(errorOf(results[0])?.message).toMatch(/\d+ bytes are needed, 500000 are free/);
  expect(sandbox.admin.counts().documentsSigned).toBe(0);
  expect(readdirSync(folder)).toHaveLength(10);
  disk.free = 5_000_000;
  expect(codes(await collect(viaProxy(sandbox).signAll(`${folder}/*.pdf`)))).toEqual(new Set(['ok']));
});

test('content from the proxy is kept in the system’s temporary folder if its directory is gone, and the batch stops', async () => {
  const sandbox = await testSandbox();
  const folder = invoices(40);
  const out = join(folder, 'out');
  const system = systemTemporaryFolder();
  // Before the answer to the first request arrives, the directory becomes a file.
  let answers = 0;
  const fetchAndBreak = async (url: string, init: RequestInit) => {
    const response = await fetch(url, init);
    if (/\/sign\//.test(url) && answers++ === 0) {
      renameSync(out, `${out}-moved`);
      writeFileSync(out, '');
    }
    return response;
  };
  const batch = viaProxy(sandbox, { fetch: fetchAndBreak }).signAll(`${folder}/*.pdf`, {
    outputDirectory: out,
    batchSize: 4,
    concurrency: 1,
  });
  const results = await collect(batch);
  expect(batch.summary.stoppedBy?.code).toBe('OUTPUT_FAILED');
  expect(sandbox.admin.counts().documentsSigned).toBe(4);
  const saved = results.filter((result) => errorOf(result)?.operationId !== undefined);
  expect(saved).toHaveLength(4);
  for (const result of saved) {
    const [kept = ''] = /\S+\.unsaved/.exec(errorOf(result)?.message ?? '') ?? [];
    expect(kept.startsWith(system)).toBe(true);
    expect(errorOf(result)?.hint).toContain('cannot be retrieved again');
    const original = readFileSync(join(folder, result.name));
    const content = readFileSync(kept);
    expect(content.subarray(0, original.length).equals(original) && content.includes('ByteRange')).toBe(true);
  }
  // Clean-up does not remove them.
  await prepareDirectory(system);
  expect(readdirSync(system)).toHaveLength(4);
});

test.each([
  ['a name that becomes too long', 'é'.repeat(124)],
  ['a name with a NUL character', 'a\0b'],
])('%s is refused before anything is sent', async (_, name) => {
  const sandbox = await testSandbox();
  const folder = temporaryFolder();
  const documents = [{ content: minimalPdf(), name: `${name}.pdf` }];
  const results = await collect(viaProxy(sandbox).signAll(documents, { outputDirectory: folder }));
  expect(errorOf(results[0])).toMatchObject({ code: 'OUTPUT_PATH_INVALID', document: `${name}.pdf` });
  expect(sandbox.admin.requests()).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

test('a name of 255 bytes is accepted', async () => {
  const folder = temporaryFolder();
  const name = 'a'.repeat(255 - '-signed.pdf'.length);
  const documents = [{ content: minimalPdf(), name: `${name}.pdf` }];
  const results = await collect(clientOf(await testSandbox()).signAll(documents, { outputDirectory: folder }));
  expect(codes(results)).toEqual(new Set(['ok']));
  expect(readdirSync(folder)).toEqual([`${name}-signed.pdf`]);
});

test('an answer that contains content which belongs to no document leaves no temporary file behind', async () => {
  const folder = invoices(1);
  const content = minimalPdf('not asked for').toString('base64');
  const document = { externalReference: 'foreign', signStatus: 'SIGNED', signedContent: content };
  const bodies = [
    // Complete content, and an operation that is not one.
    JSON.stringify({ documentList: [document] }),
    // The same document twice.
    JSON.stringify({ id: 1, status: 'EXECUTED', documentList: [document, document] }),
  ];
  const leftovers: string[][] = [];
  for (const body of bodies) {
    const transport: Transport = {
      send: async ({ endpoint }) => {
        const found = endpoint === 'sign';
        if (found) leftovers.push(readdirSync(folder));
        const bytes = async function* () {
          if (found) yield Buffer.from(body);
        };
        return { status: found ? 200 : 404, headers: {}, body: bytes() };
      },
    };
    const signstash = clientOf(await testSandbox(), { transport, retry: { attempts: 1, lookupGraceMs: 1 } });
    const [result] = await collect(signstash.signAll(`${folder}/*.pdf`));
    expect(result?.ok).toBe(false);
  }
  expect(leftovers).toHaveLength(2);
  expect(readdirSync(folder)).toEqual(['0.pdf']);
});

test('a process that finds its documents signed by another one warns and reports them as signed', async () => {
  const sandbox = await testSandbox();
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 50, times: 100 });
  const folder = invoices(20);
  // Two processes do not share the lock in memory.
  const run = () => {
    const options: BatchOptions = { batchSize: 5, referenceLock: new MemoryReferenceLock() };
    return collect(clientOf(sandbox).signAll(`${folder}/*.pdf`, options));
  };
  const [first, second] = await Promise.all([run(), run()]);
  expect(codes([...first, ...second])).toEqual(new Set(['ok']));
  const signedElsewhere = [...first, ...second].filter((result) => result.ok && result.signedByAnotherProcess);
  expect(signedElsewhere).toHaveLength(20);
  expect(sandbox.admin.counts().documentsSigned).toBe(20);
  expect(readdirSync(folder)).toHaveLength(40);
});

test('a document whose output another process has written with other content fails alone', async () => {
  const sandbox = await testSandbox();
  const folder = invoices(5);
  const target = join(folder, '2-signed.pdf');
  const fetchAndWrite = async (url: string, init: RequestInit) => {
    const response = await fetch(url, init);
    if (/\/sign\//.test(url)) writeFileSync(target, 'other content');
    return response;
  };
  const results = await collect(clientOf(sandbox, { fetch: fetchAndWrite }).signAll(`${folder}/*.pdf`));
  const failed = results.filter(({ ok }) => !ok);
  expect(failed.map(({ name }) => name)).toEqual(['2.pdf']);
  expect(errorOf(failed[0])).toMatchObject({
    code: 'OUTPUT_EXISTS',
    message: expect.stringContaining('another process'),
  });
  expect(readFileSync(target, 'utf8')).toBe('other content');
});

test.each([
  ['a large file that changes before it is uploaded', 400_000, 'before'],
  ['a large file that changes before it is uploaded again', 400_000, 'after'],
  ['a small file that changes before it is uploaded again', 0, 'after'],
] as const)('%s is never signed under the reference of its first content', async (_, size, change) => {
  const sandbox = await testSandbox();
  const folder = temporaryFolder();
  const path = join(folder, 'a.pdf');
  const write = (text: string) =>
    writeFileSync(path, Buffer.concat([minimalPdf(text), Buffer.alloc(size, 0x20), Buffer.from('\n')]));
  write('Fatura 1');
  let attempts = 0;
  const fetchAndChange = async (url: string, init: RequestInit) => {
    if (!/\/sign\//.test(url) || attempts++ > 0) return fetch(url, init);
    if (change === 'before') {
      write('Fatura 2');
      return fetch(url, init);
    }
    // Read completely, but never sent.
    for await (const _ of init.body as ReadableStream);
    write('Fatura 2');
    throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'connect' });
  };
  const [result] = await collect(clientOf(sandbox, { fetch: fetchAndChange }).signAll(path));
  expect(errorOf(result)).toMatchObject({ code: 'DOCUMENT_CHANGED', document: path });
  expect(attempts).toBe(change === 'before' ? 1 : 2);
  expect(sandbox.admin.counts().documentsSigned).toBe(0);
  expect(readdirSync(folder)).toEqual(['a.pdf']);
});
