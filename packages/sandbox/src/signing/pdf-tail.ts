import { SigningError } from '../signer.ts';

/** How the newest cross-reference section of a PDF is written: an update has to be written the same way. */
export interface PdfTail {
  crossReferences: 'table' | 'stream';
  /** Where that section starts. */
  offset: number;
}

/** PDF readers look for `startxref` in the last kilobyte; twice that tolerates some trailing data. */
const TAIL_LENGTH = 2048;

/**
 * Reads the end of a PDF, where its cross-references are announced. The parser behind pdf-lib repairs what it can, but
 * an update appended to a file whose own cross-references are broken could be read by no strict reader.
 */
export function readPdfTail(pdf: Buffer): PdfTail {
  if (pdf.indexOf('%PDF-') !== 0) throw broken('it does not start with "%PDF-"');
  const tail = pdf.subarray(-TAIL_LENGTH).toString('latin1');
  const startXref = /startxref\s+(\d+)\s+%%EOF/.exec(tail.slice(Math.max(0, tail.lastIndexOf('startxref'))));
  if (!startXref) throw broken('it ends without "startxref" and "%%EOF", so it was probably cut short');
  const offset = Number(startXref[1]);
  const section = pdf.subarray(offset, offset + 40).toString('latin1');
  if (/^\s*xref\s/.test(section)) return { crossReferences: 'table', offset };
  if (/^\s*\d+\s+\d+\s+obj\b/.test(section)) return { crossReferences: 'stream', offset };
  throw broken('its "startxref" does not point to a cross-reference section');
}

function broken(reason: string): SigningError {
  return new SigningError('SIGN_OPERATION_INTERNAL_ERROR', `The document is not a PDF that can be signed: ${reason}`);
}
