import { ValidationError } from '../../errors/errors.ts';
import { binaryContentType } from '../assumptions.ts';
import type { SignatureType } from '../wire.ts';
import type { DocumentSource } from './document-source.ts';

/** What the bytes themselves say. */
export type DocumentKind = 'pdf' | 'xml' | 'other';

/** How far into a file its first structures are looked for; PDF readers accept a header within the first 1,024 bytes. */
const headBytes = 1024;
/** How much of a PDF's end is read for its trailer. */
const tailBytes = 4096;
/** How much is read at a cross-reference section for its dictionary. */
const crossReferenceBytes = 64 * 1024;

const latin1 = new TextDecoder('latin1');
const text = async (source: DocumentSource, start: number, end: number) =>
  latin1.decode(await source.slice(Math.max(0, start), Math.min(source.size, end)));

export interface CheckedDocument {
  signatureType: SignatureType;
  contentType: string;
}

/**
 * Refuses what the service could not sign, before it is sent (and before it may be charged).
 *
 * @throws {@link ValidationError} `DOCUMENT_EMPTY`, `DOCUMENT_TOO_LARGE`, `DOCUMENT_NOT_PDF`, `DOCUMENT_NOT_XML` or
 *   `DOCUMENT_ENCRYPTED`, naming the document.
 */
export async function checkDocument(
  source: DocumentSource,
  document: string,
  wanted: { type?: SignatureType | undefined; contentType?: string | undefined; maxBytes: number },
): Promise<CheckedDocument> {
  const { type, contentType, maxBytes } = wanted;
  if (source.size === 0) throw new ValidationError('DOCUMENT_EMPTY', `${document} is empty.`, { document });
  if (source.size > maxBytes) {
    const message = `${document} has ${source.size} bytes, more than the ${maxBytes} allowed.`;
    throw new ValidationError('DOCUMENT_TOO_LARGE', message, { document });
  }
  const kind = await documentKind(source);
  const signatureType = type ?? (kind === 'xml' ? 'XAdES' : 'PAdES');
  if (signatureType === 'PAdES' && kind !== 'pdf') {
    throw new ValidationError('DOCUMENT_NOT_PDF', `${document} is not a PDF file.`, { document });
  }
  if (signatureType === 'XAdES' && kind !== 'xml') {
    throw new ValidationError('DOCUMENT_NOT_XML', `${document} is not an XML file.`, { document });
  }
  if (signatureType === 'PAdES' && (await isEncryptedPdf(source))) {
    throw new ValidationError('DOCUMENT_ENCRYPTED', `${document} is an encrypted PDF.`, { document });
  }
  const natural = kind === 'pdf' ? 'application/pdf' : kind === 'xml' ? 'application/xml' : binaryContentType;
  return { signatureType, contentType: contentType ?? natural };
}

/** Recognises PDF and XML files by their first bytes. */
export async function documentKind(source: DocumentSource): Promise<DocumentKind> {
  const head = await source.slice(0, Math.min(source.size, headBytes));
  const start = latin1.decode(head);
  if (start.includes('%PDF-')) return 'pdf';
  const wide = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  const unmarked = wide ? start.slice(2).replaceAll('\0', '') : start.replace(/^\u00ef\u00bb\u00bf/, '');
  return /^\s*<(\?xml|!--|!DOCTYPE|[A-Za-z_])/.test(unmarked) && !/^\s*<(!DOCTYPE\s+)?html\b/i.test(unmarked)
    ? 'xml'
    : 'other';
}

/** Reads `/Encrypt` where the format puts it: in the trailer, or in the cross-reference stream that stands for it. */
export async function isEncryptedPdf(source: DocumentSource): Promise<boolean> {
  const encrypt = /\/Encrypt[\s<\d]/;
  const tail = await text(source, source.size - tailBytes, source.size);
  const pointer = tail.lastIndexOf('startxref');
  const trailer = tail.lastIndexOf('trailer', pointer < 0 ? undefined : pointer);
  if (trailer >= 0 && encrypt.test(tail.slice(trailer))) return true;
  const offset = Number(/startxref\s+(\d+)/.exec(tail.slice(Math.max(0, pointer)))?.[1] ?? Number.NaN);
  if (!(offset < source.size)) return false;
  const section = await text(source, offset, offset + crossReferenceBytes);
  if (/^\s*xref\b/.test(section)) {
    const dictionary = section.indexOf('trailer');
    return dictionary >= 0 && encrypt.test(section.slice(dictionary, dictionary + tailBytes));
  }
  const dictionaryEnd = section.indexOf('stream');
  return encrypt.test(dictionaryEnd < 0 ? section : section.slice(0, dictionaryEnd));
}

/** How many distinct byte ranges of one file are examined; a PDF with more signatures than this is not credible. */
const maxByteRanges = 1000;
/** Longer than any `/ByteRange` entry, blanks included. Characters. */
const byteRangeLength = 256;

/**
 * Whether a PDF already carries a signature: a `/ByteRange` (never inside a compressed object) that leaves out a signature's
 * hexadecimal value. The same words in a comment or a text, and a field prepared for a later signature, do not count.
 */
export async function isSignedPdf(source: DocumentSource): Promise<boolean> {
  for (const [gapStart, gapEnd] of await byteRangeGaps(source)) {
    const [value, end] = [await text(source, gapStart, gapStart + 3), await text(source, gapEnd - 1, gapEnd)];
    // DER begins with a SEQUENCE, 0x30; a prepared field holds zeros.
    if (value === '<30' && end === '>') return true;
  }
  return false;
}

/** The gaps, as offsets, of all byte ranges that are possible in this file. */
async function byteRangeGaps(source: DocumentSource): Promise<[start: number, end: number][]> {
  const pattern = /\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g;
  const gaps = new Map<string, [number, number]>();
  let seam = '';
  for await (const chunk of source.read()) {
    const part = seam + latin1.decode(chunk);
    for (const [, start, before, resume, after] of part.matchAll(pattern)) {
      const [from, to, length] = [Number(before), Number(resume), Number(after)];
      const possible = Number(start) === 0 && from < to && to + length <= source.size;
      if (possible && gaps.size < maxByteRanges) gaps.set(`${from} ${to}`, [from, to]);
    }
    seam = part.slice(-byteRangeLength);
  }
  return [...gaps.values()];
}
