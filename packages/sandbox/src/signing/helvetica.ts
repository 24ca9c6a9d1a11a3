import { type PDFHexString, StandardFontEmbedder } from '@cantoo/pdf-lib';
import { FontNames } from '@cantoo/pdf-lib/standard-fonts';

/** The metrics of Helvetica, which every PDF reader includes: it covers Portuguese and all of Latin-1. */
const helvetica = StandardFontEmbedder.for(FontNames.Helvetica);

export function widthOf(text: string, size: number): number {
  return helvetica.widthOfTextAtSize(drawable(text), size);
}

/** Characters that Helvetica lacks become question marks instead of failing the document. */
export function drawable(text: string): string {
  return Array.from(text.normalize('NFC'), (letter) =>
    helvetica.encoding.canEncodeUnicodeCodePoint(letter.codePointAt(0)!) ? letter : '?',
  ).join('');
}

/** The text as it is written into a content stream. */
export function encode(text: string): PDFHexString {
  return helvetica.encodeText(text);
}
