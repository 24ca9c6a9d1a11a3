import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BatchResult } from '../../src/index.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, testSandbox } from '../support/sandbox-client.ts';
import { tampering } from '../support/tampering.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const page = Buffer.from('<html><body>Sign in</body></html>');

async function run(batch: AsyncIterable<BatchResult>): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  for await (const result of batch) results.push(result);
  return results.sort((a, b) => a.name.localeCompare(b.name));
}

describe('contents that are not valid, in signAll', () => {
  it('are kept as <output>.rejected, and the other documents of the request are signed', async () => {
    const folder = temporaryFolder();
    for (const name of ['a', 'b', 'c'])
      writeFileSync(join(folder, `${name}.pdf`), minimalPdf(name.repeat(name === 'b' ? 9 : 3)));
    const wrong = minimalPdf('b'.repeat(9)).length;
    const replaced = (content: Buffer, { contentLength }: { contentLength?: number }) =>
      contentLength === wrong ? page : content;
    const sandbox = await testSandbox();
    const signstash = clientOf(sandbox, { fetch: tampering(replaced) });
    const results = await run(signstash.signAll(join(folder, '*.pdf')));
    expect(results.map((result) => result.ok)).toEqual([true, false, true]);
    const rejected = join(folder, 'b-signed.pdf.rejected');
    expect(results[1]).toMatchObject({
      error: { code: 'CONTENT_NOT_VALID', operationId: expect.any(String), message: expect.stringContaining(rejected) },
    });
    expect(readFileSync(rejected)).toEqual(page);
    expect(readdirSync(folder).sort()).toEqual([
      'a-signed.pdf',
      'a.pdf',
      'b-signed.pdf.rejected',
      'b.pdf',
      'c-signed.pdf',
      'c.pdf',
    ]);

    // The next run retrieves the correct content; nothing is signed again.
    const again = await run(clientOf(sandbox).signAll(join(folder, 'b.pdf')));
    expect(again).toMatchObject([{ ok: true, recovered: true }]);
    expect(sandbox.admin.counts().requests.sign).toBe(1);
  });

  it('never replace a file, not even an earlier rejected content or with overwrite', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.pdf');
    writeFileSync(path, minimalPdf());
    const sandbox = await testSandbox();
    for (const content of [page, Buffer.alloc(0)]) {
      const signstash = clientOf(sandbox, { fetch: tampering(() => content) });
      const [result] = await run(signstash.signAll([{ content: path, output: path }], { overwrite: true }));
      expect(result).toMatchObject({ ok: false, error: { code: 'CONTENT_NOT_VALID' } });
    }
    expect(readFileSync(path)).toEqual(minimalPdf());
    const kept = readdirSync(folder).filter((name) => name.endsWith('.rejected'));
    expect(kept).toHaveLength(2);
    expect(readFileSync(join(folder, 'a.pdf.rejected'))).toEqual(page);
  });

  it('are read by a contentCheck function from the disk before they get their name', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.pdf');
    writeFileSync(path, minimalPdf());
    const starts: string[] = [];
    const signstash = clientOf(await testSandbox(), {
      contentCheck: async ({ content }) => {
        starts.push(Buffer.from(await content.slice(0, 5)).toString());
        return readdirSync(folder).includes('a-signed.pdf') ? 'too late' : undefined;
      },
    });
    expect(await run(signstash.signAll(path))).toMatchObject([{ ok: true }]);
    expect(starts).toEqual(['%PDF-']);
  });
});
