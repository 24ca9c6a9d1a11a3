import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Journal } from '../../src/batch/journal.ts';
import {
  type BatchDocument,
  type BatchOptions,
  type BatchResult,
  ConfigurationError,
  onPremise,
  type SignStash,
} from '../../src/index.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, testSandbox } from '../support/sandbox-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A folder with PDFs `0.pdf`, `1.pdf` … */
function invoices(count: number): string {
  const folder = temporaryFolder();
  for (let index = 0; index < count; index++)
    writeFileSync(join(folder, `${index}.pdf`), minimalPdf(`Fatura ${index}`));
  return folder;
}

async function collect(batch: AsyncIterable<BatchResult>): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  for await (const result of batch) results.push(result);
  return results;
}

const codes = (results: BatchResult[]) => results.map((result) => (result.ok ? 'ok' : result.error.code)).sort();
const isSignedVersionOf = (path: string, original: string) =>
  readFileSync(path).subarray(0, readFileSync(original).length).equals(readFileSync(original)) &&
  readFileSync(path).includes('ByteRange');

describe('files', () => {
  test('every file is signed, in few requests, next to itself or into a directory', async () => {
    const sandbox = await testSandbox();
    const folder = invoices(25);
    const batch = clientOf(sandbox).signAll(`${folder}/*.pdf`, { batchSize: 10 });
    const results = await collect(batch);
    expect(codes(results)).toEqual(Array(25).fill('ok'));
    for (let index = 0; index < 25; index++)
      expect(isSignedVersionOf(join(folder, `${index}-signed.pdf`), join(folder, `${index}.pdf`))).toBe(true);
    expect(batch.summary).toMatchObject({ documents: 25, signed: 25, failed: 0, resumed: 0 });
    expect(sandbox.admin.counts()).toMatchObject({ tokensIssued: 1, requests: { sign: 3 } });
    const elsewhere = await collect(
      clientOf(sandbox).signAll(`${folder}/*.pdf`, { outputDirectory: join(folder, 'out', 'deep') }),
    );
    expect(elsewhere).toHaveLength(50);
    expect(sandbox.admin.counts().documentsSigned).toBe(50);
  });

  test('a second run neither signs outputs of the first nor replaces them', async () => {
    const sandbox = await testSandbox();
    const folder = invoices(3);
    await collect(clientOf(sandbox).signAll(`${folder}/*.pdf`));
    expect(codes(await collect(clientOf(sandbox).signAll(`${folder}/*.pdf`)))).toEqual(Array(3).fill('OUTPUT_EXISTS'));
    const again = await collect(clientOf(sandbox).signAll(`${folder}/*.pdf`, { overwrite: true }));
    expect(again.map((result) => result.ok && result.recovered)).toEqual([true, true, true]);
    expect(sandbox.admin.counts().documentsSigned).toBe(3);
  });

  test('each file is signed once, with overlapping patterns, links, exclusions, names like patterns and a tree', async () => {
    const sandbox = await testSandbox();
    const folder = invoices(4);
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'a [1].pdf'), minimalPdf('a'));
    symlinkSync(join(folder, '0.pdf'), join(folder, 'sub', 'link.pdf'));
    const patterns = [`${folder}/**/*.pdf`, `${folder}/1.pdf`, join(folder, 'sub', 'a [1].pdf'), `!${folder}/3.pdf`];
    const out = join(folder, 'out');
    await collect(clientOf(sandbox).signAll(patterns, { outputDirectory: out, baseDirectory: folder, suffix: '' }));
    expect(readdirSync(out, { recursive: true }).sort()).toEqual(['0.pdf', '1.pdf', '2.pdf', 'sub', 'sub/a [1].pdf']);
  });

  test('one bad document fails alone, before anything of it is sent', async () => {
    const sandbox = await testSandbox();
    const folder = invoices(3);
    writeFileSync(join(folder, 'bad.pdf'), 'not a PDF');
    writeFileSync(join(folder, 'empty.pdf'), '');
    writeFileSync(join(folder, 'other.pdf'), readFileSync(join(folder, '0.pdf')));
    const results = await collect(clientOf(sandbox).signAll([`${folder}/*.pdf`, join(folder, 'missing.pdf')]));
    expect(codes(results)).toEqual([
      'DOCUMENT_EMPTY',
      'DOCUMENT_NOT_PDF',
      'DOCUMENT_UNREADABLE',
      'DUPLICATE_REFERENCE',
      'ok',
      'ok',
      'ok',
    ]);
    expect(sandbox.admin.counts().documentsSigned).toBe(3);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('two documents never share an output', async () => {
    const folder = invoices(1);
    mkdirSync(join(folder, 'b'));
    writeFileSync(join(folder, 'b', '0.pdf'), minimalPdf('other'));
    const results = await collect(
      clientOf(await testSandbox()).signAll(`${folder}/**/*.pdf`, { outputDirectory: join(folder, 'out') }),
    );
    expect(codes(results)).toEqual(['OUTPUT_EXISTS', 'ok']);
  });

  test('durable outputs, multipart requests and contents from the zip give the same result', async () => {
    const sandbox = await testSandbox();
    const folder = invoices(4);
    for (const [name, settings, options] of [
      ['durable', {}, { durable: true }],
      ['multipart', { format: 'multipart' }, {}],
      ['zip', { contentFrom: 'zip' }, {}],
    ] as const) {
      const out = join(folder, name);
      const batch = clientOf(sandbox, settings).signAll(`${folder}/*.pdf`, {
        ...options,
        outputDirectory: out,
        suffix: '',
        key: name,
      } as BatchOptions);
      expect(codes(await collect(batch))).toEqual(Array(4).fill('ok'));
      for (const file of readdirSync(out)) expect(isSignedVersionOf(join(out, file), join(folder, file))).toBe(true);
    }
  });
});

describe('iterables', () => {
  const documents = (count: number): BatchDocument[] =>
    Array.from({ length: count }, (_, index) => ({
      content: minimalPdf(`${index}`),
      reference: `ref-${index}`,
      name: `${index}.pdf`,
    }));

  test('contents are taken from and returned in memory', async () => {
    const results = await collect(
      clientOf(await testSandbox()).signAll(documents(5), { inMemory: true, batchSize: 2 }),
    );
    for (const result of results) {
      expect(result.ok && Buffer.from(result.content ?? []).includes('ETSI.CAdES.detached')).toBe(true);
    }
  });

  test('a document without a path needs an output path', async () => {
    const batch = clientOf(await testSandbox()).signAll(documents(2));
    expect(codes(await collect(batch))).toEqual(['CONFIGURATION_MISSING', 'CONFIGURATION_MISSING']);
  });

  test('nothing is read ahead of the window, and nothing at all while no results are taken', async () => {
    const signstash = clientOf(await testSandbox());
    let read = 0;
    const source = function* () {
      for (const document of documents(200)) {
        read++;
        yield document;
      }
    };
    const batch = signstash.signAll(source(), { inMemory: true, batchSize: 5, concurrency: 2, lookUpFirst: false });
    await sleep(50);
    expect(read).toBe(0);
    const results = batch[Symbol.asyncIterator]();
    await results.next();
    await sleep(500);
    // Two requests of 5 under way, one being filled, and the next document waiting.
    expect(read).toBeLessThanOrEqual(5 * 3 + 2);
    let taken = 1;
    while (!(await results.next()).done) taken++;
    expect([taken, read]).toEqual([200, 200]);
  });

  test('leaving the loop stops reading, closes the source and removes temporary files', async () => {
    const folder = temporaryFolder();
    let closed = false;
    const source = async function* () {
      try {
        yield* documents(10);
        await new Promise(() => {});
      } finally {
        closed = true;
      }
    };
    const batch = clientOf(await testSandbox()).signAll(source(), { outputDirectory: folder, batchSize: 5 });
    for await (const result of batch) {
      expect(result.ok).toBe(true);
      break;
    }
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
    // The source waits forever in its own await, so only `return` was called.
    expect(closed).toBe(false);
  });

  test('progress is reported up to the end', async () => {
    const reports: unknown[] = [];
    await collect(
      clientOf(await testSandbox()).signAll(documents(6), {
        inMemory: true,
        onProgress: (progress) => reports.push(progress),
      }),
    );
    expect(reports.at(-1)).toMatchObject({
      done: 6,
      failed: 0,
      total: 6,
      bytes: expect.any(Number),
      bytesPerSecond: expect.any(Number),
      etaMs: 0,
    });
  });
});

describe('stopping', () => {
  const numbered = function* (count: number): Generator<BatchDocument> {
    for (let index = 0; index < count; index++) yield { content: minimalPdf(`${index}`), reference: `ref-${index}` };
  };

  test('refused credentials stop the batch after one token request; the rest of the input is not read', async () => {
    const sandbox = await testSandbox();
    let read = 0;
    const source = function* () {
      for (const document of numbered(500)) {
        read++;
        yield document;
      }
    };
    const batch = clientOf(sandbox, { clientSecret: 'wrong' }).signAll(source(), {
      inMemory: true,
      batchSize: 5,
      concurrency: 2,
    });
    const results = await collect(batch);
    expect(new Set(codes(results))).toEqual(new Set(['CREDENTIALS_REFUSED']));
    expect(batch.summary.stoppedBy?.code).toBe('CREDENTIALS_REFUSED');
    expect(read).toBeLessThan(50);
    expect(results).toHaveLength(read);
    expect(sandbox.admin.counts().tokenRequests).toBe(1);
  });

  test('a used up quota stops the batch; what was signed remains reported as signed', async () => {
    const sandbox = await testSandbox({ limitUsageCount: 10 });
    const batch = clientOf(sandbox).signAll(numbered(100), { inMemory: true, batchSize: 5, concurrency: 1 });
    const results = await collect(batch);
    expect(results.filter(({ ok }) => ok)).toHaveLength(10);
    expect(batch.summary.stoppedBy?.code).toBe('QUOTA_EXCEEDED');
    expect(sandbox.admin.counts().requests.sign).toBeLessThan(5);
  });

  test('an abort reports the documents in progress and then throws', async () => {
    const sandbox = await testSandbox();
    sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 10_000, times: 100 });
    const stop = new AbortController();
    const results: BatchResult[] = [];
    setTimeout(() => stop.abort(), 300);
    const consume = async () => {
      const options = { inMemory: true, batchSize: 5, signal: stop.signal };
      for await (const result of clientOf(sandbox).signAll(numbered(40), options)) results.push(result);
    };
    await expect(consume()).rejects.toMatchObject({ code: 'ABORTED' });
    expect(new Set(codes(results))).toEqual(new Set(['ABORTED']));
  });

  test.each([
    ['batchSize', { batchSize: 100 }],
    ['batchSize', { batchSize: 0 }],
    ['concurrency', { concurrency: 1.5 }],
    ['maxRequestBytes', { maxRequestBytes: -1 }],
  ])('an invalid %s is refused before anything is read', async (setting, options) => {
    const signstash = clientOf(await testSandbox());
    expect(() => signstash.signAll([], options)).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_INVALID', setting }),
    );
  });
});

describe('the journal', () => {
  const run = (signstash: SignStash, folder: string, options: BatchOptions = {}) =>
    collect(
      signstash.signAll(`${folder}/*.pdf`, {
        outputDirectory: join(folder, 'out'),
        journal: join(folder, 'journal'),
        ...options,
      }),
    );

  test('a second run neither looks up nor sends finished documents', async () => {
    const sandbox = await testSandbox();
    const folder = invoices(5);
    await run(clientOf(sandbox), folder);
    const before = sandbox.admin.requests().length;
    writeFileSync(join(folder, 'new.pdf'), minimalPdf('new'));
    const results = await run(clientOf(sandbox), folder, { lookUpFirst: false });
    expect(results.filter((result) => result.ok && result.resumed)).toHaveLength(5);
    expect(
      sandbox.admin
        .requests()
        .slice(before)
        .map(({ endpoint }) => endpoint),
    ).toEqual(['token', 'sign']);
  });

  test('a missing output is retrieved, not signed again', async () => {
    const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
    const folder = invoices(2);
    await run(clientOf(sandbox), folder, { lookUpFirst: false });
    rmSync(join(folder, 'out', '0-signed.pdf'));
    const results = await run(clientOf(sandbox), folder, { lookUpFirst: false });
    expect(codes(results)).toEqual(['ok', 'ok']);
    expect(existsSync(join(folder, 'out', '0-signed.pdf'))).toBe(true);
    expect(sandbox.admin.counts().documentsSigned).toBe(2);
  });

  test('what was about to be sent when the process died is looked up first', async () => {
    const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
    const folder = invoices(3);
    // As a crash after signing leaves it: sent, and nothing recorded after that.
    const [first] = await run(clientOf(sandbox), folder, { lookUpFirst: false });
    const lines = readFileSync(join(folder, 'journal'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"sending"'));
    writeFileSync(join(folder, 'journal'), `${lines.join('\n')}\n`);
    const results = await run(clientOf(sandbox), folder, { lookUpFirst: false });
    expect(results.map((result) => result.ok && result.recovered)).toEqual([true, true, true]);
    expect(first?.ok).toBe(true);
    expect(sandbox.admin.counts().documentsSigned).toBe(3);
  });

  test('the journal contains no secret and no content', async () => {
    const sandbox = await testSandbox();
    const folder = invoices(2);
    await run(clientOf(sandbox), folder);
    const text = readFileSync(join(folder, 'journal'), 'utf8');
    expect(text).not.toContain(sandbox.clientSecret);
    expect(text).not.toMatch(/eyJ|Bearer|%PDF/);
  });

  test('through the proxy, a finished output that was not recorded any more counts as finished', async () => {
    const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
    const { proxyUrl, tokenUrl, apiUrl } = sandbox;
    const proxied = () =>
      clientOf(sandbox, { environment: onPremise({ proxyUrl, authorizationServer: { tokenUrl, apiUrl } }) });
    const folder = invoices(2);
    await run(proxied(), folder);
    const lines = readFileSync(join(folder, 'journal'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"sending"'));
    writeFileSync(join(folder, 'journal'), `${lines.join('\n')}\n`);
    const results = await run(proxied(), folder);
    expect(results.map((result) => result.ok && result.resumed)).toEqual([true, true]);
    expect(sandbox.admin.counts().documentsSigned).toBe(2);
  });

  /** The journal as a crash leaves it: everything was about to be sent, nothing is recorded after that. */
  const forgetEndings = (folder: string) => {
    const lines = readFileSync(join(folder, 'journal'), 'utf8').split('\n');
    writeFileSync(join(folder, 'journal'), `${lines.filter((line) => line.includes('"sending"')).join('\n')}\n`);
  };

  test('without a look-up, what may have been sent is not sent again', async () => {
    const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
    const { proxyUrl, tokenUrl } = sandbox;
    const proxied = () =>
      clientOf(sandbox, { environment: onPremise({ proxyUrl, authorizationServer: { tokenUrl } }) });
    const folder = invoices(2);
    await run(proxied(), folder);
    forgetEndings(folder);
    rmSync(join(folder, 'out'), { recursive: true });
    const results = await run(proxied(), folder);
    expect(codes(results)).toEqual(['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN']);
    expect(sandbox.admin.counts().documentsSigned).toBe(2);
  });

  test('through the proxy, a finished output that no longer exists is not silently signed again', async () => {
    const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
    const { proxyUrl, tokenUrl, apiUrl } = sandbox;
    const proxied = () =>
      clientOf(sandbox, { environment: onPremise({ proxyUrl, authorizationServer: { tokenUrl, apiUrl } }) });
    const folder = invoices(1);
    await run(proxied(), folder);
    rmSync(join(folder, 'out', '0-signed.pdf'));
    expect(codes(await run(proxied(), folder))).toEqual(['CONTENT_UNAVAILABLE']);
    expect(sandbox.admin.counts().documentsSigned).toBe(1);
  });

  test('an empty file with an output’s name does not count as finished', async () => {
    const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
    const folder = invoices(1);
    await run(clientOf(sandbox), folder);
    writeFileSync(join(folder, 'out', '0-signed.pdf'), '');
    forgetEndings(folder);
    expect(codes(await run(clientOf(sandbox), folder))).toEqual(['ok']);
    expect(isSignedVersionOf(join(folder, 'out', '0-signed.pdf'), join(folder, '0.pdf'))).toBe(true);
    expect(sandbox.admin.counts().documentsSigned).toBe(1);
  });

  test('a journal that can no longer be written stops the batch and loses no result', async () => {
    const sandbox = await testSandbox();
    const folder = invoices(12);
    // The lines that say the first request is signed are the ones that fail.
    const write = vi.spyOn(Journal.prototype, 'write');
    const full = new ConfigurationError('JOURNAL_UNUSABLE', 'journal', 'No space is left.');
    let writes = 0;
    write.mockImplementation(async () => {
      if (++writes === 2) throw full;
    });
    onTestFinished(() => {
      write.mockRestore();
    });
    const batch = clientOf(sandbox).signAll(`${folder}/*.pdf`, {
      outputDirectory: join(folder, 'out'),
      journal: join(folder, 'journal'),
      batchSize: 4,
      concurrency: 1,
    });
    const results = await collect(batch);
    // What was signed by then is reported as signed; what was read and not sent, as not sent; the rest is not read.
    expect(results.filter(({ ok }) => ok)).toHaveLength(4);
    expect(new Set(codes(results))).toEqual(new Set(['JOURNAL_UNUSABLE', 'ok']));
    expect(batch.summary.stoppedBy?.code).toBe('JOURNAL_UNUSABLE');
    expect(readdirSync(join(folder, 'out'))).toHaveLength(4);
    expect(sandbox.admin.counts().documentsSigned).toBe(4);
  });

  test('two batches cannot share a journal', async () => {
    const signstash = clientOf(await testSandbox());
    const folder = invoices(2);
    const both = await Promise.allSettled([run(signstash, folder), run(signstash, folder, { suffix: '-other' })]);
    expect(both.map((one) => (one.status === 'rejected' ? one.reason.code : 'ran')).sort()).toEqual([
      'JOURNAL_UNUSABLE',
      'ran',
    ]);
  });
});

describe('failures', () => {
  test('a document that changes while it is sent fails alone', async () => {
    const sandbox = await testSandbox();
    const documents = Array.from({ length: 6 }, (_, index): BatchDocument => {
      const bytes = minimalPdf(`${index}`);
      const source = {
        size: bytes.byteLength,
        async *read() {
          // Checked and hashed as it was, and shorter by the time it is sent.
          yield index === 3 && source.reads++ > 0 ? bytes.subarray(1) : bytes;
        },
        slice: async (start: number, end: number) => bytes.subarray(start, end),
        reads: 0,
      };
      return { content: source, name: `${index}.pdf` };
    });
    const results = await collect(clientOf(sandbox).signAll(documents, { inMemory: true }));
    expect(codes(results)).toEqual(['DOCUMENT_CHANGED', ...Array(5).fill('ok')]);
    expect(results.find(({ ok }) => !ok)?.name).toBe('3.pdf');
    expect(sandbox.admin.counts().documentsSigned).toBe(5);
  });

  test('a stalled stream does not keep a stopped batch alive', async () => {
    const signstash = clientOf(await testSandbox());
    const stalled = async function* () {
      yield minimalPdf('a');
      await new Promise(() => {});
    };
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const batch = signstash.signAll([{ content: stalled() }], { inMemory: true, signal: stop.signal });
    await expect(collect(batch)).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('an output that cannot be saved is reported, and where the service has no copy, it is kept', async () => {
    const sandbox = await testSandbox();
    const { proxyUrl, tokenUrl, apiUrl } = sandbox;
    const proxied = clientOf(sandbox, {
      environment: onPremise({ proxyUrl, authorizationServer: { tokenUrl, apiUrl } }),
    });
    const left: string[][] = [];
    for (const signstash of [proxied, clientOf(sandbox)]) {
      const folder = temporaryFolder();
      const output = join(folder, 'taken.pdf');
      mkdirSync(output);
      const document = { content: minimalPdf(folder), name: 'a.pdf', output };
      const [result] = await collect(signstash.signAll([document], { overwrite: true }));
      expect(result).toMatchObject({ ok: false, error: { code: 'OUTPUT_FAILED' } });
      const [kept] = readdirSync(folder).filter((name) => name !== 'taken.pdf');
      if (kept) expect(result?.ok === false && result.error.message).toContain(join(folder, kept));
      left.push(readdirSync(folder).map((name) => name.replace(/[0-9a-f]{8}/, '*')));
    }
    expect(left).toEqual([['signstash-*.unsaved', 'taken.pdf'], ['taken.pdf']]);
  });

  test('large contents from memory are not read ahead without bound', async () => {
    const signstash = clientOf(await testSandbox());
    let read = 0;
    const source = function* () {
      for (let index = 0; index < 60; index++) {
        read++;
        yield {
          content: Buffer.concat([minimalPdf(`${index}`), Buffer.alloc(20_000, 0x20)]),
          reference: `ref-${index}`,
        };
      }
    };
    const options = { inMemory: true, maxRequestBytes: 50_000, concurrency: 2, lookUpFirst: false };
    const results = signstash.signAll(source(), options)[Symbol.asyncIterator]();
    await results.next();
    await sleep(500);
    // Three requests of 50 kB, and the few that are prepared at once before their size is known.
    expect(read).toBeLessThanOrEqual(8 + 8);
    let taken = 1;
    while (!(await results.next()).done) taken++;
    expect(taken).toBe(60);
  });

  test('two loops over one batch share its results; nothing is signed twice', async () => {
    const sandbox = await testSandbox();
    const batch = clientOf(sandbox).signAll(`${invoices(3)}/*.pdf`);
    const results = (await Promise.all([collect(batch), collect(batch)])).flat();
    expect(codes(results)).toEqual(['ok', 'ok', 'ok']);
    expect(sandbox.admin.counts().documentsSigned).toBe(3);
  });
});
