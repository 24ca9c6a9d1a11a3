import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isSignedVersionOf } from '@signstash-connect/testing';

/** A real invoice, not signed. */
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

/** Whether a file is the invoice, or another original, with one signature that covers all of it. */
export const isSigned = (pdf: Uint8Array, original: Uint8Array = invoice): boolean => isSignedVersionOf(pdf, original);
