import { VerificationProblem } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { findStartXref } from './cross-references.ts';
import { PdfArray, type PdfDict, PdfString } from './objects.ts';

/** The CMS of some signers carries many certificates and revocation lists, but not more than this. */
const MAX_CONTENTS_BYTES = 8 * 1024 * 1024;
/** Keys whose repetition or indirection would let readers disagree about what is signed. */
const CRITICAL_KEYS = ['Type', 'Filter', 'SubFilter', 'ByteRange', 'Contents'];

/** The bytes that a PDF signature covers, and the signature itself. */
export interface SignedRange {
  /** The two covered ranges. */
  ranges: readonly [readonly [start: number, end: number], readonly [start: number, end: number]];
  /** The end of the signed revision. */
  end: number;
  /** Where the `startxref` of the signed revision points. */
  startXref: number;
  /** The decoded `/Contents`, with its padding. */
  contents: Buffer;
}

/**
 * Checks that a signature covers one whole revision of the file except for its own `/Contents`, and nothing else is in
 * the gap. Everything that attacks on `/ByteRange` play with is refused here.
 */
export async function readSignedRange(source: ByteSource, signature: PdfDict): Promise<SignedRange> {
  const doubled = signature.duplicates.find((key) => CRITICAL_KEYS.includes(key));
  if (doubled) {
    throw new VerificationProblem(
      'invalid',
      'duplicate-entry',
      `The signature dictionary has more than one /${doubled}.`,
    );
  }
  const [start, gapStart, gapEnd, length] = readNumbers(signature);
  const end = gapEnd + length;
  if (start !== 0) throw byteRange(`starts at byte ${start} instead of 0`);
  if (gapStart <= 0 || gapEnd < gapStart) throw byteRange('has overlapping ranges');
  if (length <= 0 || !Number.isSafeInteger(end) || end > source.size)
    throw byteRange('reaches beyond the end of the file');

  const contents = signature.get('Contents');
  if (!(contents instanceof PdfString)) {
    throw new VerificationProblem(
      'invalid',
      'malformed-signature',
      'The signature dictionary has no /Contents string.',
    );
  }
  if (contents.start !== gapStart || contents.end !== gapEnd) {
    throw new VerificationProblem(
      'invalid',
      'contents-outside-gap',
      `The signature leaves bytes ${gapStart} to ${gapEnd} uncovered, but its /Contents is at ${contents.start} to ${contents.end}.`,
    );
  }
  if (!contents.plainHex) {
    throw new VerificationProblem('invalid', 'contents-outside-gap', 'The /Contents is not purely hexadecimal digits.');
  }
  if (contents.bytes.length > MAX_CONTENTS_BYTES) {
    throw new VerificationProblem('indeterminate', 'limit-exceeded', 'The /Contents of the signature is too large.');
  }
  const startXref = await findStartXref(source, end);
  if (startXref === undefined || startXref >= end) {
    throw new VerificationProblem(
      'invalid',
      'not-a-revision',
      `The signature ends at byte ${end}, where no revision of the PDF ends.`,
    );
  }
  return {
    ranges: [
      [0, gapStart],
      [gapEnd, end],
    ],
    end,
    startXref,
    contents: contents.bytes,
  };
}

function readNumbers(signature: PdfDict): [number, number, number, number] {
  const value = signature.get('ByteRange');
  const items = value instanceof PdfArray ? value.items : [];
  if (items.length !== 4) throw byteRange('is not an array of four numbers');
  for (const item of items) {
    if (typeof item !== 'number' || !Number.isSafeInteger(item)) throw byteRange('is not an array of four integers');
    if (item < 0) throw byteRange('contains a negative number');
  }
  return items as unknown as [number, number, number, number];
}

function byteRange(problem: string): VerificationProblem {
  return new VerificationProblem('invalid', 'byte-range', `The /ByteRange of the signature ${problem}.`);
}
