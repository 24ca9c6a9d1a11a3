/** The kinds of values of a PDF (ISO 32000-2, 7.3). Numbers, booleans and null are themselves. */
export type PdfValue = null | boolean | number | PdfName | PdfString | PdfRef | PdfArray | PdfDict | PdfStream;

export class PdfName {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class PdfString {
  readonly bytes: Buffer;
  /** Written as hexadecimal digits and nothing else. */
  readonly plainHex: boolean;
  /** Position of the first delimiter in the file, and of the byte after the last one. */
  readonly start: number;
  readonly end: number;
  constructor(bytes: Buffer, plainHex: boolean, start: number, end: number) {
    this.bytes = bytes;
    this.plainHex = plainHex;
    this.start = start;
    this.end = end;
  }

  /** The text of a text string (7.9.2.2): UTF-16BE with a mark, UTF-8 with a mark, or else Latin-1. */
  get text(): string {
    const { bytes } = this;
    if (bytes[0] === 0xfe && bytes[1] === 0xff) {
      return Buffer.from(bytes.subarray(2, 2 + ((bytes.length - 2) & ~1)))
        .swap16()
        .toString('utf16le');
    }
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return bytes.subarray(3).toString('utf8');
    return bytes.toString('latin1');
  }
}

export class PdfRef {
  readonly number: number;
  readonly generation: number;
  constructor(number: number, generation: number) {
    this.number = number;
    this.generation = generation;
  }
}

export class PdfArray {
  readonly items: readonly PdfValue[];
  constructor(items: readonly PdfValue[]) {
    this.items = items;
  }
}

export class PdfDict {
  readonly entries: ReadonlyMap<string, PdfValue>;
  /** Keys that are given more than once: readers disagree on which one counts. */
  readonly duplicates: readonly string[];
  constructor(entries: ReadonlyMap<string, PdfValue>, duplicates: readonly string[] = []) {
    this.entries = entries;
    this.duplicates = duplicates;
  }

  get(key: string): PdfValue | undefined {
    return this.entries.get(key);
  }

  /** The entry, if it is a name. */
  name(key: string): string | undefined {
    const value = this.entries.get(key);
    return value instanceof PdfName ? value.name : undefined;
  }
}

export class PdfStream {
  readonly dict: PdfDict;
  /** Position of the first byte of the data in the file. */
  readonly start: number;
  /** Of the object that the stream is. */
  readonly number: number;
  readonly generation: number;
  constructor(dict: PdfDict, start: number, number: number, generation: number) {
    this.dict = dict;
    this.start = start;
    this.number = number;
    this.generation = generation;
  }
}

/** Whether two values are written the same way; references are equal when they name the same object. */
export function sameValue(a: PdfValue | undefined, b: PdfValue | undefined): boolean {
  if (a === b) return true;
  if (a instanceof PdfName) return b instanceof PdfName && a.name === b.name;
  if (a instanceof PdfString) return b instanceof PdfString && a.bytes.equals(b.bytes);
  if (a instanceof PdfRef) return b instanceof PdfRef && a.number === b.number && a.generation === b.generation;
  if (a instanceof PdfArray) {
    return (
      b instanceof PdfArray &&
      a.items.length === b.items.length &&
      a.items.every((item, index) => sameValue(item, b.items[index]))
    );
  }
  if (a instanceof PdfDict) return b instanceof PdfDict && changedKeys(a, b).length === 0;
  return false;
}

/** Keys whose values differ between two dictionaries. */
export function changedKeys(a: PdfDict, b: PdfDict): string[] {
  const keys = new Set([...a.entries.keys(), ...b.entries.keys()]);
  return [...keys].filter((key) => !sameValue(a.get(key), b.get(key)));
}

/** A value that refers to nothing and contains nothing. */
export function isSimple(value: PdfValue): boolean {
  return (
    value === null ||
    ['number', 'boolean'].includes(typeof value) ||
    value instanceof PdfName ||
    value instanceof PdfString
  );
}

/** Values inside values, without references. */
export function isPlainTree(value: PdfValue): boolean {
  if (value instanceof PdfDict) return [...value.entries.values()].every(isPlainTree);
  if (value instanceof PdfArray) return value.items.every(isPlainTree);
  return isSimple(value);
}
