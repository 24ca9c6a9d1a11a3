import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A real invoice, not sealed. */
export const invoicePath = fileURLToPath(
  new URL('../../../../apps/sandbox/test/fixtures/pdf-lib.pdf', import.meta.url),
);
export const invoice = await readFile(invoicePath);

/** A second invoice with other bytes: a comment after the end is allowed. */
export const otherInvoice = (number: number): Buffer => Buffer.concat([invoice, Buffer.from(`\n%${number}\n`)]);

/** What poppler says of a file's signatures; it knows nothing of this project. */
export async function signatures(pdf: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'express-pdfsig-'));
  try {
    const path = join(folder, 'sealed.pdf');
    await writeFile(path, pdf);
    const { stdout } = await run('pdfsig', ['-nocert', path]).catch((error) => ({
      stdout: String(error.stdout ?? error),
    }));
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** How many signatures the bytes hold. */
export const sealCount = (pdf: Uint8Array): number =>
  Buffer.from(pdf).toString('latin1').split('/ByteRange').length - 1;

/** The signature dictionary's reason. */
export function reasonOf(pdf: Uint8Array): string | undefined {
  const [, hex, plain] = /\/Reason ?(?:<([\da-fA-F]+)>|\(([^)]*)\))/.exec(Buffer.from(pdf).toString('latin1')) ?? [];
  return hex === undefined ? plain : new TextDecoder('utf-16be').decode(Buffer.from(hex, 'hex'));
}
