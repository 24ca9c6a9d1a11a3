import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { DocumentSource } from '../../src/api/request/document-source.ts';
import { type DocumentContent, documentContent } from '../../src/files/document-content.ts';
import { nodePlatform } from '../../src/files/node-platform.ts';
import { thisProcess } from '../../src/files/process-identity.ts';
import { prepareDocument } from '../../src/signing/prepare.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function readAll(source: DocumentSource): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Bytes that differ everywhere, so that a piece in the wrong place is seen. */
function content(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32BE((at * 2_654_435_761) % 2 ** 32, at);
  return bytes;
}

function file(bytes: Buffer): string {
  const path = join(temporaryFolder(), 'invoice.pdf');
  writeFileSync(path, bytes);
  return path;
}

/** A temporary directory for the test; returns the names of its files. */
function spoolFolder(): { folder: string; files: () => string[] } {
  const folder = temporaryFolder();
  vi.stubEnv('TMPDIR', folder);
  vi.stubEnv('TEMP', folder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  return { folder, files: () => readdirSync(folder) };
}

// Below and above what is kept in memory, and more than one piece.
describe.each([0, 1_000, 256 * 1024, 256 * 1024 + 1, 2_000_003])('%i bytes', (size) => {
  const bytes = content(size);
  const kinds: [string, () => DocumentContent][] = [
    ['a path', () => file(bytes)],
    ['a file: URL', () => pathToFileURL(file(bytes))],
    ['a stream', () => createReadStream(file(bytes))],
    ['a web stream', () => Readable.toWeb(createReadStream(file(bytes))) as AsyncIterable<Uint8Array>],
    ['a Buffer', () => bytes],
    ['an ArrayBuffer', () => new Uint8Array(bytes).buffer],
    ['a Blob', () => new Blob([new Uint8Array(bytes)])],
  ];
  test.each(kinds)('%s can be read again and again, whole and in part', async (_, make) => {
    const { source, release } = await documentContent(make());
    try {
      expect(source.size).toBe(size);
      expect((await readAll(source)).equals(bytes)).toBe(true);
      const end = Math.min(size, 700);
      expect(Buffer.from(await source.slice(Math.min(3, end), end)).equals(bytes.subarray(Math.min(3, end), end))).toBe(
        true,
      );
      expect((await readAll(source)).equals(bytes)).toBe(true);
    } finally {
      await release?.();
    }
  });
});

test.each([1_000, 256 * 1024 + 1, 2_000_003])(
  'a later read of a file of %i bytes fails if it changed after it was hashed',
  async (size) => {
    const bytes = content(size);
    const path = file(bytes);
    const { source, forget } = await documentContent(path);
    await source.sha256?.();
    forget?.();
    // The same size, and another last byte.
    bytes[size - 1] = (bytes[size - 1] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    let read = 0;
    const readAgain = async () => {
      for await (const chunk of source.read()) read += chunk.byteLength;
    };
    await expect(readAgain()).rejects.toMatchObject({ code: 'DOCUMENT_CHANGED', document: path });
    expect(read).toBeLessThan(size);
  },
);

test('what is kept of a document for the check of its signed content does not keep its whole content in memory', async () => {
  const { source } = await documentContent(file(Buffer.concat([Buffer.from('%PDF-1.7\n'), content(200_000)])));
  const context = { platform: nodePlatform, clientId: 'client', maxDocumentBytes: 1_000_000, signatureOptions: {} };
  const { sent } = await prepareDocument({ content: source }, 1, { ...context, checkContent: true });
  expect(sent?.tail.buffer.byteLength).toBe(sent?.tail.byteLength);
});

test('a file that was not hashed must also be the same on every read', async () => {
  const bytes = content(600_000);
  const path = file(bytes);
  const { source } = await documentContent(path);
  await readAll(source);
  writeFileSync(path, content(600_000).fill(7, 300_000));
  await expect(readAll(source)).rejects.toMatchObject({ code: 'DOCUMENT_CHANGED' });
});

test('the hash that a file reports is that of its content', async () => {
  for (const size of [1_000, 600_000]) {
    const { source } = await documentContent(file(content(size)));
    expect(await source.sha256?.()).toBe(createHash('sha256').update(content(size)).digest('hex'));
  }
});

test('a large stream is kept in a file that only its owner may read, and removed afterwards', async () => {
  const spool = spoolFolder();
  const { release } = await documentContent(Readable.from([content(300_000), content(300_000)]));
  const [spooled = ''] = spool.files();
  expect(statSync(join(spool.folder, spooled)).mode & 0o777).toBe(0o600);
  await release?.();
  expect(spool.files()).toEqual([]);
});

test.each([
  ['a path that does not exist', () => '/no/such/invoice.pdf', '/no/such/invoice.pdf does not exist'],
  ['a directory', () => join(temporaryFolder()), 'is not a file'],
  ['a URL of something else', () => new URL('https://example.com/a.pdf'), 'expected a file: URL'],
  ['nothing', () => undefined as never, 'Invalid content'],
  ['a number', () => 7 as never, 'Invalid content'],
] as [string, () => DocumentContent, string][])('%s is named as unreadable', async (_, make, words) => {
  await expect(documentContent(make())).rejects.toMatchObject({
    name: 'ValidationError',
    code: 'DOCUMENT_UNREADABLE',
    message: expect.stringContaining(words),
  });
});

test('a file that is deleted is reported as unreadable by every read', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'gone.pdf');
  writeFileSync(path, content(1_000_000));
  const { source } = await documentContent(path);
  rmSync(path);
  mkdirSync(path);
  await expect(readAll(source)).rejects.toMatchObject({ code: 'DOCUMENT_UNREADABLE', document: path });
  await expect(source.slice(0, 10)).rejects.toMatchObject({ code: 'DOCUMENT_UNREADABLE', document: path });
});

test.each([0, 400_000])('a stream that fails after %i bytes is unreadable and leaves no file', async (size) => {
  const spool = spoolFolder();
  const broken = async function* () {
    yield content(size);
    throw new Error('the disk is gone');
  };
  await expect(documentContent(broken())).rejects.toMatchObject({
    code: 'DOCUMENT_UNREADABLE',
    message: expect.stringContaining('the disk is gone'),
  });
  expect(spool.files()).toEqual([]);
});

test.each([0, 400_000])(
  'the wait for a stream that stalls after %i bytes ends when the call is aborted',
  async (size) => {
    const spool = spoolFolder();
    const stalled = async function* () {
      yield content(size);
      await new Promise(() => {});
    };
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 30);
    await expect(documentContent(stalled(), stop.signal)).rejects.toMatchObject({ code: 'ABORTED' });
    expect(spool.files()).toEqual([]);
  },
);

test('temporary files of streams that killed processes left behind are removed at the next start', async () => {
  const spool = spoolFolder();
  const { host, started } = thisProcess;
  const left = `.signstash-${host}-99999999-${started}-0b5e7c1a-0000-4000-8000-000000000000.part`;
  writeFileSync(join(spool.folder, left), '');
  // As in a new process.
  vi.resetModules();
  const fresh = await import('../../src/files/document-content.ts');
  const { release } = await fresh.documentContent(Readable.from([content(300_000)]));
  expect(spool.files()).not.toContain(left);
  await release?.();
  expect(spool.files()).toEqual([]);
});
