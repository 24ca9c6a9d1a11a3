import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** A real invoice, not sealed. */
export const invoicePath = fileURLToPath(new URL('../../../sandbox/test/fixtures/pdf-lib.pdf', import.meta.url));
export const invoice = await readFile(invoicePath);

/** A second invoice with other bytes: a comment after the end is allowed. */
export const otherInvoice = (number: number): Buffer => Buffer.concat([invoice, Buffer.from(`\n%${number}\n`)]);

/** How many signatures the bytes hold. */
export const signatureCount = (pdf: Uint8Array): number =>
  Buffer.from(pdf).toString('latin1').split('/ByteRange').length - 1;

/** The signature dictionary's reason. */
export function reasonOf(pdf: Uint8Array): string | undefined {
  const [, hex, plain] = /\/Reason ?(?:<([\da-fA-F]+)>|\(([^)]*)\))/.exec(Buffer.from(pdf).toString('latin1')) ?? [];
  return hex === undefined ? plain : new TextDecoder('utf-16be').decode(Buffer.from(hex, 'hex'));
}

/**
 * Whether a file is an original with one seal added that covers all of it. A seal is an incremental update: it begins with the
 * original's bytes, so a byte lost or changed on the way shows.
 */
export function isSigned(pdf: Uint8Array, original: Uint8Array = invoice): boolean {
  const bytes = Buffer.from(pdf);
  const range = /\/ByteRange ?\[ ?0 +\d+ +(\d+) +(\d+) ?\]/.exec(bytes.toString('latin1'));
  const end = Number(range?.[1]) + Number(range?.[2]);
  return (
    signatureCount(pdf) === 1 && end === bytes.byteLength && bytes.subarray(0, original.byteLength).equals(original)
  );
}
