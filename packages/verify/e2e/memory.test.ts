import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Identity, issuePair } from '../test/support/authority.ts';
import { appendUpdate, makePdf, signPdf } from '../test/support/pdf.ts';

const MEBIBYTE = 1024 * 1024;
const LARGE_BYTES = 100 * MEBIBYTE;
/** What a 100 MB file may take above the memory of a process that has verified a small one. */
const MAX_EXTRA_BYTES = 32 * MEBIBYTE;

let folder: string;
let seal: Identity;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-memory-'));
  ({ seal } = await issuePair());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('verifies a PDF of 100 MB, as a path and as a stream, in less than 32 MB above idle', async () => {
  const small = join(folder, 'small.pdf');
  const large = join(folder, 'large.pdf');
  await writeFile(small, signPdf(makePdf(), { signer: seal }));
  const attachment = Buffer.alloc(LARGE_BYTES, 'attachment ');
  const body = `<< /Length ${attachment.length} >>\nstream\n${attachment.toString('latin1')}\nendstream`;
  await writeFile(large, signPdf(appendUpdate(makePdf(), { 45: body }), { signer: seal }));
  expect((await stat(large)).size).toBeGreaterThan(LARGE_BYTES);

  const child = new URL('./support/measure-memory.ts', import.meta.url).pathname;
  for (const mode of ['path', 'stream']) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=@signstash-connect/source',
      child,
      small,
      large,
      mode,
    ]);
    const { verdicts, extraBytes } = JSON.parse(stdout) as { verdicts: string[]; extraBytes: number };
    console.log(`${mode}: ${(extraBytes / MEBIBYTE).toFixed(1)} MiB above idle`);
    expect(verdicts).toEqual(['valid-but-untrusted', 'valid-but-untrusted']);
    expect(extraBytes).toBeLessThan(MAX_EXTRA_BYTES);
  }
});
