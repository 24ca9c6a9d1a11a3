import { VerificationProblem } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { PdfArray, PdfDict, PdfName, PdfRef, PdfStream, PdfString, type PdfValue } from './objects.ts';

const FIRST_WINDOW_BYTES = 4 * 1024;
/** The largest object outside a stream: a `/Contents` of a signature is some kilobytes, a form's field list some more. */
const MAX_WINDOW_BYTES = 8 * 1024 * 1024;
const MAX_DEPTH = 100;

const WHITESPACE = new Set([0, 9, 10, 12, 13, 32]);
const DELIMITERS = new Set([...'()<>[]{}/%'].map((character) => character.charCodeAt(0)));

/** The window ends before the object does. */
class EndOfWindow extends Error {}

export function malformed(message: string): VerificationProblem {
  return new VerificationProblem('invalid', 'malformed-document', message);
}

/** Runs `parse` on a window of the file that grows until the object fits. */
export async function parseAt<T>(source: ByteSource, offset: number, parse: (parser: PdfParser) => T): Promise<T> {
  for (let size = FIRST_WINDOW_BYTES; ; size *= 8) {
    const window = await source.read(offset, offset + size);
    const isLast = offset + window.length >= source.size;
    try {
      return parse(new PdfParser(window, offset, isLast));
    } catch (error) {
      if (!(error instanceof EndOfWindow)) throw error;
      if (size * 8 > MAX_WINDOW_BYTES) {
        throw new VerificationProblem(
          'indeterminate',
          'limit-exceeded',
          `The PDF object at byte ${offset} is too large.`,
        );
      }
    }
  }
}

/** A strict recursive-descent parser of PDF objects. Positions it reports are positions in the file. */
export class PdfParser {
  readonly #bytes: Buffer;
  readonly #base: number;
  readonly #complete: boolean;
  #position = 0;

  constructor(bytes: Buffer, base = 0, complete = true) {
    this.#bytes = bytes;
    this.#base = base;
    this.#complete = complete;
  }

  get offset(): number {
    return this.#base + this.#position;
  }

  set offset(offset: number) {
    this.#position = offset - this.#base;
  }

  /** The next byte, or -1 at the end of the file. */
  #peek(ahead = 0): number {
    const byte = this.#bytes[this.#position + ahead];
    if (byte !== undefined) return byte;
    if (!this.#complete) throw new EndOfWindow();
    return -1;
  }

  skipWhitespace(): void {
    for (;;) {
      const byte = this.#peek();
      if (WHITESPACE.has(byte)) this.#position++;
      else if (byte === 0x25) {
        while (this.#peek() !== 10 && this.#peek() !== 13 && this.#peek() !== -1) this.#position++;
      } else return;
    }
  }

  /** Skips a keyword, or leaves the position as it is and returns false. */
  keyword(word: string): boolean {
    const start = this.#position;
    this.skipWhitespace();
    for (let index = 0; index < word.length; index++) {
      if (this.#peek(index) === word.charCodeAt(index)) continue;
      this.#position = start;
      return false;
    }
    const next = this.#peek(word.length);
    if (next !== -1 && !WHITESPACE.has(next) && !DELIMITERS.has(next)) {
      this.#position = start;
      return false;
    }
    this.#position += word.length;
    return true;
  }

  /** An unsigned integer, or undefined (and the position unchanged) if something else follows. */
  integer(): number | undefined {
    const start = this.#position;
    this.skipWhitespace();
    let text = '';
    while (this.#peek() >= 0x30 && this.#peek() <= 0x39 && text.length < 16) {
      text += String.fromCharCode(this.#peek());
      this.#position++;
    }
    const next = this.#peek();
    if (text === '' || (next !== -1 && !WHITESPACE.has(next) && !DELIMITERS.has(next))) {
      this.#position = start;
      return undefined;
    }
    return Number(text);
  }

  /** `N G obj`, then its value, which may be a stream. */
  indirectObject(): { number: number; generation: number; value: PdfValue } {
    const at = this.offset;
    const number = this.integer();
    const generation = this.integer();
    if (number === undefined || generation === undefined || !this.keyword('obj')) {
      throw malformed(`The cross-reference table expects a PDF object at byte ${at}, where none starts.`);
    }
    const value = this.value();
    if (value instanceof PdfDict && this.keyword('stream')) {
      if (this.#peek() === 13) this.#position++;
      if (this.#peek() === 10) this.#position++;
      return { number, generation, value: new PdfStream(value, this.offset, number, generation) };
    }
    if (!this.keyword('endobj')) throw malformed(`The PDF object ${number} at byte ${at} has no "endobj".`);
    return { number, generation, value };
  }

  value(depth = 0): PdfValue {
    if (depth > MAX_DEPTH) throw malformed(`The PDF object at byte ${this.offset} is nested too deeply.`);
    this.skipWhitespace();
    const byte = this.#peek();
    switch (byte) {
      case 0x2f:
        return this.#name();
      case 0x28:
        return this.#literalString();
      case 0x5b:
        return this.#array(depth);
      case 0x3c:
        return this.#peek(1) === 0x3c ? this.#dict(depth) : this.#hexString();
    }
    if (this.keyword('true')) return true;
    if (this.keyword('false')) return false;
    if (this.keyword('null')) return null;
    return this.#numberOrReference();
  }

  #array(depth: number): PdfArray {
    this.#position++;
    const items: PdfValue[] = [];
    for (;;) {
      this.skipWhitespace();
      if (this.#peek() === 0x5d) break;
      items.push(this.value(depth + 1));
    }
    this.#position++;
    return new PdfArray(items);
  }

  #dict(depth: number): PdfDict {
    this.#position += 2;
    const entries = new Map<string, PdfValue>();
    const duplicates: string[] = [];
    for (;;) {
      this.skipWhitespace();
      if (this.#peek() === 0x3e && this.#peek(1) === 0x3e) break;
      if (this.#peek() !== 0x2f) throw malformed(`Expected a name at byte ${this.offset} of the PDF.`);
      const key = this.#name().name;
      if (entries.has(key)) duplicates.push(key);
      entries.set(key, this.value(depth + 1));
    }
    this.#position += 2;
    return new PdfDict(entries, duplicates);
  }

  #name(): PdfName {
    this.#position++;
    const start = this.#position;
    for (let byte = this.#peek(); byte !== -1 && !WHITESPACE.has(byte) && !DELIMITERS.has(byte); byte = this.#peek()) {
      this.#position++;
    }
    const text = this.#bytes.toString('latin1', start, this.#position);
    return new PdfName(
      text.replace(/#([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    );
  }

  #hexString(): PdfString {
    const start = this.offset;
    this.#position++;
    const digitsStart = this.#position;
    let pure = true;
    for (let byte = this.#peek(); byte !== 0x3e; byte = this.#peek()) {
      if (!isHexDigit(byte)) {
        if (!WHITESPACE.has(byte)) throw malformed(`The hexadecimal string at byte ${start} of the PDF is malformed.`);
        pure = false;
      }
      this.#position++;
    }
    let digits = this.#bytes.toString('latin1', digitsStart, this.#position);
    if (!pure) digits = digits.replace(/[\0\t\n\f\r ]/g, '');
    this.#position++;
    return new PdfString(Buffer.from(digits.length % 2 ? `${digits}0` : digits, 'hex'), pure, start, this.offset);
  }

  #literalString(): PdfString {
    const start = this.offset;
    this.#position++;
    const bytes: number[] = [];
    let depth = 1;
    for (;;) {
      let byte = this.#peek();
      if (byte === -1) throw malformed(`The string at byte ${start} of the PDF is not closed.`);
      this.#position++;
      if (byte === 0x28) depth++;
      if (byte === 0x29 && --depth === 0) break;
      if (byte === 0x5c) {
        const escaped = this.#escape();
        if (escaped === undefined) continue;
        byte = escaped;
      }
      bytes.push(byte);
    }
    return new PdfString(Buffer.from(bytes), false, start, this.offset);
  }

  #escape(): number | undefined {
    const byte = this.#peek();
    this.#position++;
    if (byte >= 0x30 && byte <= 0x37) {
      let code = byte - 0x30;
      for (let count = 1; count < 3 && this.#peek() >= 0x30 && this.#peek() <= 0x37; count++) {
        code = code * 8 + this.#peek() - 0x30;
        this.#position++;
      }
      return code & 0xff;
    }
    if (byte === 13) {
      if (this.#peek() === 10) this.#position++;
      return undefined;
    }
    if (byte === 10) return undefined;
    const index = 'nrtbf'.indexOf(String.fromCharCode(byte));
    return index < 0 ? byte : [10, 13, 9, 8, 12][index];
  }

  #numberOrReference(): number | PdfRef {
    const start = this.#position;
    const number = this.integer();
    if (number !== undefined) {
      const afterNumber = this.#position;
      const generation = this.integer();
      if (generation !== undefined && this.keyword('R')) return new PdfRef(number, generation);
      this.#position = afterNumber;
      return number;
    }
    let text = '';
    for (let byte = this.#peek(); byte !== -1 && !WHITESPACE.has(byte) && !DELIMITERS.has(byte); byte = this.#peek()) {
      text += String.fromCharCode(byte);
      if (text.length > 64) break;
      this.#position++;
    }
    if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text))
      throw malformed(`Unexpected "${printable(text)}" at byte ${this.#base + start} of the PDF.`);
    return Number(text);
  }
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 20);
}
