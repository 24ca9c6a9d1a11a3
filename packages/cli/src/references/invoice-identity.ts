import { AdapterError } from '@signstash-connect/core/adapter';
import { findAtcuds, findTaxNumbers, type InvoiceIdentity, parseAtcud, parseInvoiceQrCode } from './invoice-text.ts';
import { type PdfPage, readPdf } from './pdf-content.ts';
import { type GrayImage, readQrCodes } from './qr-codes.ts';

export interface ReadIdentityOptions {
  /** Tax numbers of the issuers whose invoices are signed. Needed for invoices whose QR code is not an image. */
  readonly issuers?: readonly string[];
}

/**
 * Reads issuer and ATCUD from an invoice. The QR code says both; without a readable one, the text must show one ATCUD and one tax
 * number besides the final consumer's, or one of `issuers`. Several pages with the same ATCUD (original, duplicate, triplicate) are
 * one invoice.
 *
 * @param name - The file's name for error messages.
 * @throws `AdapterError` `ATCUD_NOT_FOUND`, `ATCUD_AMBIGUOUS`, `ISSUER_NOT_FOUND` or `ISSUER_AMBIGUOUS`.
 */
export async function readInvoiceIdentity(
  content: Uint8Array,
  name: string,
  { issuers }: ReadIdentityOptions = {},
): Promise<InvoiceIdentity> {
  if (!hasPdfHeader(content)) {
    throw notFound(`${name} is not a PDF file, so its ATCUD cannot be read.`);
  }
  const { qrCodes, atcuds, taxNumbers } = await readEvidence(content, name);
  const allAtcuds = [...new Set([...qrCodes.map(({ atcud }) => atcud), ...atcuds])];
  const [atcud] = allAtcuds;
  if (atcud === undefined) throw notFound(`${name} shows no ATCUD, neither in its text nor in a QR code.`);
  if (allAtcuds.length > 1) {
    throw problem('ATCUD_AMBIGUOUS', `${name} shows ${allAtcuds.length} different ATCUDs: ${list(allAtcuds)}.`, {
      title: 'The file has more than one ATCUD',
      hint: 'Put each invoice in its own file, or use a reference pattern without {atcud}.',
    });
  }
  return { atcud, issuer: chooseIssuer(name, qrCodes, taxNumbers, issuers) };
}

function chooseIssuer(
  name: string,
  qrCodes: readonly InvoiceIdentity[],
  taxNumbers: readonly string[],
  issuers: readonly string[] | undefined,
): string {
  const fromQrCodes = [...new Set(qrCodes.map(({ issuer }) => issuer))];
  const all = fromQrCodes.length > 0 ? fromQrCodes : taxNumbers;
  const candidates = issuers ? all.filter((number) => issuers.includes(number)) : all;
  const [issuer] = candidates;
  if (candidates.length === 1 && issuer !== undefined) return issuer;
  if (candidates.length > 1) {
    throw problem('ISSUER_AMBIGUOUS', `${name} has no readable QR code, and its text shows ${list(candidates)}.`, {
      title: "The issuer's tax number is ambiguous",
      hint: "Give the issuers' tax numbers in the settings.",
      setting: 'issuers',
    });
  }
  const shown = all.length > 0 ? `shows ${list(all)}, none of which is a configured issuer` : 'shows no tax number';
  throw problem('ISSUER_NOT_FOUND', `${name} ${shown}.`, {
    title: "The issuer's tax number was not found",
    hint: 'Check the tax number (NIF) on the invoice and the issuers in the settings.',
    setting: 'issuers',
  });
}

/** Reads all pages; images only of pages that leave a question open, since decoding them takes time. */
async function readEvidence(content: Uint8Array, name: string) {
  const qrCodes: InvoiceIdentity[] = [];
  const atcuds = new Set<string>();
  const taxNumbers = new Set<string>();
  try {
    for await (const page of readPdf(content)) {
      const text = await page.text();
      const onPage = await readAtcuds(page, text);
      for (const atcud of onPage) atcuds.add(atcud);
      for (const number of findTaxNumbers(text)) taxNumbers.add(number);
      if (onPage.length > 0 && qrCodes.length > 0) continue;
      const found = await readInvoiceQrCodes(await page.images());
      qrCodes.push(...(found.length > 0 ? found : await readInvoiceQrCodes([await page.drawing()])));
    }
  } catch (cause) {
    throw unreadable(name, cause);
  }
  return { qrCodes, atcuds: [...atcuds], taxNumbers: [...taxNumbers] };
}

async function readInvoiceQrCodes(images: readonly (GrayImage | undefined)[]): Promise<InvoiceIdentity[]> {
  const texts: string[] = [];
  for (const image of images) if (image) texts.push(...(await readQrCodes(image)));
  return texts.flatMap((text) => parseInvoiceQrCode(text) ?? []);
}

async function readAtcuds(page: PdfPage, text: string): Promise<string[]> {
  const found = findAtcuds(text);
  if (found.length > 0 || !/ATCUD/i.test(text)) return found;
  const below = await page.textBelow((label) => /^\s*ATCUD\s*:?\s*$/i.test(label));
  return [...new Set(below.flatMap((value) => parseAtcud(value) ?? []))];
}

/** PDF readers accept up to 1,024 bytes before the header. */
function hasPdfHeader(content: Uint8Array): boolean {
  return Buffer.from(content.buffer, content.byteOffset, Math.min(content.byteLength, 1024)).includes('%PDF-');
}

function unreadable(name: string, cause: unknown): AdapterError {
  const isEncrypted = cause instanceof Error && cause.name === 'PasswordException';
  const reason = isEncrypted ? 'it is encrypted' : cause instanceof Error ? cause.message : String(cause);
  return notFound(`The ATCUD of ${name} cannot be read: ${reason.replace(/\.$/, '')}.`, cause);
}

const notFound = (message: string, cause?: unknown) =>
  problem('ATCUD_NOT_FOUND', message, {
    title: 'The file has no readable ATCUD',
    hint: 'Use {atcud} only for PDF invoices that show "ATCUD:" with its code; for other files use {name} or {sha256}.',
    cause,
  });

const problem = (code: string, message: string, details: ConstructorParameters<typeof AdapterError>[2]) =>
  new AdapterError(code, message, { httpStatus: 422, ...details });

const list = (values: readonly string[]) => values.join(', ');
