import { elementLength, readSignedData, type SignedDataFacts } from './signed-data.ts';

/** The last signature of a PDF file; positions count from the file's first byte. */
export interface PdfSignature {
  /** Where the hexadecimal `/Contents` begins, `<` included: the end of the first signed range. */
  readonly gapStart: number;
  /** Where it ends, `>` included: the start of the second signed range. */
  readonly gapEnd: number;
  readonly signedData: SignedDataFacts;
}

export type FoundSignature = { readonly signature: PdfSignature } | { readonly problem: string };

/**
 * Finds the signature that covers the whole file, from the end of the file backwards.
 *
 * @param tail - The end of the file.
 * @param size - Bytes of the whole file.
 */
export function findPdfSignature(tail: Uint8Array, size: number): FoundSignature {
  const base = size - tail.byteLength;
  let covered = 0;
  for (let at = lastIndexOf(tail, '/ByteRange', tail.byteLength); at >= 0; at = lastIndexOf(tail, '/ByteRange', at)) {
    const range = readByteRange(tail, at + '/ByteRange'.length);
    if (!range) continue;
    const [start, first, second, length] = range;
    covered = Math.max(covered, second + length);
    if (start === 0 && second + length === size) return readContents(tail, base, first, second);
  }
  if (covered > 0) return { problem: `its last signature covers ${covered} of its ${size} bytes` };
  return { problem: base > 0 ? `it has no signature in its last ${tail.byteLength} bytes` : 'it has no signature' };
}

function readContents(tail: Uint8Array, base: number, gapStart: number, gapEnd: number): FoundSignature {
  const start = gapStart - base;
  const end = gapEnd - base;
  if (start < 0) return { problem: `its signature begins more than ${tail.byteLength} bytes before its end` };
  const open = tail[start] === 0x3c && tail[end - 1] === 0x3e && end - start > 2;
  let before = start;
  while (before > 0 && isSpace(tail[before - 1])) before--;
  if (!open || !matches(tail, before - '/Contents'.length, '/Contents')) {
    return { problem: 'the gap in its ByteRange is not the /Contents of the signature' };
  }
  const cms = decodeHex(tail, start + 1, end - 1);
  if (!cms) return { problem: 'the gap in its ByteRange is not the /Contents of the signature' };
  const signedData = readSignedData(cms);
  if (!signedData) return { problem: 'its signature is not a CMS SignedData with a message digest' };
  return { signature: { gapStart, gapEnd, signedData } };
}

/** Four numbers in brackets; signers pad them with spaces. */
function readByteRange(bytes: Uint8Array, from: number): [number, number, number, number] | undefined {
  let at = from;
  const skipSpace = () => {
    while (isSpace(bytes[at])) at++;
  };
  skipSpace();
  if (bytes[at++] !== 0x5b) return undefined;
  const numbers: number[] = [];
  for (;;) {
    skipSpace();
    if (bytes[at] === 0x5d) break;
    let value = 0;
    const first = at;
    for (; isDigit(bytes[at]) && at - first < 15; at++) value = value * 10 + (bytes[at] as number) - 0x30;
    if (at === first || numbers.push(value) > 4) return undefined;
  }
  return numbers.length === 4 ? (numbers as [number, number, number, number]) : undefined;
}

/** The bytes of the element at the start; undefined unless every character is a hexadecimal digit. */
function decodeHex(ascii: Uint8Array, start: number, end: number): Uint8Array | undefined {
  for (let at = start; at < end; at++) if (hexValue[ascii[at] as number] === 0xff) return undefined;
  const decode = (length: number) => {
    const bytes = new Uint8Array(length);
    for (let index = 0, at = start; index < length; index++, at += 2) {
      bytes[index] = ((hexValue[ascii[at] as number] as number) << 4) | (hexValue[ascii[at + 1] as number] as number);
    }
    return bytes;
  };
  const room = Math.floor((end - start) / 2);
  // The rest of the reserved space is padding.
  return decode(Math.min(room, elementLength(decode(Math.min(room, 6))) ?? room));
}

const hexValue = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase());
  return digit < 0 ? 0xff : digit;
});

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;
const isSpace = (byte: number | undefined) =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0x0c || byte === 0;

/** The last occurrence that starts before `end`. */
function lastIndexOf(bytes: Uint8Array, text: string, end: number): number {
  for (let at = end; at > 0; ) {
    at = bytes.lastIndexOf(text.charCodeAt(0), at - 1);
    if (at < 0 || matches(bytes, at, text)) return at;
  }
  return -1;
}

function matches(bytes: Uint8Array, at: number, text: string): boolean {
  if (at < 0) return false;
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text.charCodeAt(index)) return false;
  return true;
}
