import { VerificationProblem } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { PdfArray, PdfDict, PdfStream } from './objects.ts';
import { malformed, parseAt } from './parser.ts';
import { decodeStream } from './stream-data.ts';

/** Where an object is: at a byte of the file, or in an object stream. */
export type Entry =
  | { kind: 'free' }
  | { kind: 'offset'; offset: number; generation: number }
  | { kind: 'compressed'; stream: number; index: number };

/** One cross-reference section with its trailer. A hybrid file's `/XRefStm` is merged into its section. */
export interface Section {
  offset: number;
  entries: Map<number, Entry>;
  trailer: PdfDict;
  prev: number | undefined;
}

/** Memory that all sections together may take; 500,000 entries are some 40 MB, beyond any document of an office. */
const MAX_ENTRIES = 2_000_000;
const MAX_SECTIONS = 5000;
const TAIL_BYTES = 1024;
const TABLE_ENTRY_BYTES = 20;

/** Finds the `startxref` whose `%%EOF` ends at `end` (apart from line ends). Returns undefined if there is none. */
export async function findStartXref(source: ByteSource, end: number): Promise<number | undefined> {
  const tail = (await source.read(Math.max(0, end - TAIL_BYTES), end)).toString('latin1');
  const match = /startxref[\s\0]+(\d{1,10})[\s\0]+%%EOF[\s\0]*$/.exec(tail);
  return match ? Number(match[1]) : undefined;
}

/** Finds the last `startxref` of the file, whatever follows it. */
export async function findLastStartXref(source: ByteSource): Promise<{ startXref: number; end: number } | undefined> {
  const from = Math.max(0, source.size - TAIL_BYTES);
  const tail = (await source.read(from, source.size)).toString('latin1');
  const matches = [...tail.matchAll(/startxref[\s\0]+(\d{1,10})[\s\0]+%%EOF/g)];
  const last = matches.at(-1);
  return last && { startXref: Number(last[1]), end: from + last.index + last[0].length };
}

/** Reads the section at `startXref` and all that it refers to with `/Prev`, newest first. */
export async function readSections(source: ByteSource, startXref: number): Promise<Section[]> {
  const sections: Section[] = [];
  const seen = new Set<number>();
  let total = 0;
  for (let offset: number | undefined = startXref; offset !== undefined; ) {
    if (seen.has(offset)) throw malformed('The cross-reference sections of the PDF form a loop.');
    seen.add(offset);
    const section: Section = await readSection(source, offset);
    total += section.entries.size;
    if (total > MAX_ENTRIES || sections.length >= MAX_SECTIONS) {
      throw new VerificationProblem('indeterminate', 'limit-exceeded', 'The PDF has too many objects or revisions.');
    }
    sections.push(section);
    offset = section.prev;
  }
  return sections;
}

async function readSection(source: ByteSource, offset: number): Promise<Section> {
  if (offset >= source.size) throw malformed(`The cross-reference offset ${offset} is beyond the end of the PDF.`);
  const isTable = await parseAt(source, offset, (parser) => parser.keyword('xref'));
  if (!isTable) return readStreamSection(source, offset);
  const section = await readTable(source, offset);
  const hybrid = section.trailer.get('XRefStm');
  if (hybrid === undefined) return section;
  const extra = await readStreamSection(source, position(hybrid, 'XRefStm'));
  for (const [number, entry] of extra.entries) {
    // The table hides the objects of the stream from old readers by calling them free.
    if ((section.entries.get(number)?.kind ?? 'free') === 'free') section.entries.set(number, entry);
  }
  return section;
}

async function readTable(source: ByteSource, offset: number): Promise<Section> {
  const entries = new Map<number, Entry>();
  let at = await parseAt(source, offset, (parser) => {
    parser.keyword('xref');
    return parser.offset;
  });
  for (;;) {
    const header = await parseAt(source, at, (parser) => {
      if (parser.keyword('trailer')) return { trailer: parser.value(), start: parser.offset };
      const first = parser.integer();
      const count = parser.integer();
      if (first === undefined || count === undefined) {
        throw malformed(`The cross-reference table at byte ${offset} is malformed.`);
      }
      parser.skipWhitespace();
      return { first, count, start: parser.offset };
    });
    if ('trailer' in header) {
      if (!(header.trailer instanceof PdfDict)) throw malformed('The trailer of the PDF is not a dictionary.');
      return { offset, entries, trailer: checkTrailer(header.trailer), prev: previous(header.trailer) };
    }
    const { first, count, start } = header;
    if (count > MAX_ENTRIES || start + count * (TABLE_ENTRY_BYTES - 1) > source.size) {
      throw malformed(`The cross-reference table at byte ${offset} is longer than the file.`);
    }
    at = await readSubsection(source, start, first, count, entries);
  }
}

/** Entries have 20 bytes; some writers end them with one byte instead of two, so they are read one by one. */
async function readSubsection(
  source: ByteSource,
  start: number,
  first: number,
  count: number,
  entries: Map<number, Entry>,
): Promise<number> {
  const perRead = 4096;
  let at = start;
  for (let done = 0; done < count; ) {
    const wanted = Math.min(perRead, count - done);
    const text = (await source.read(at, at + wanted * (TABLE_ENTRY_BYTES + 2) + 2)).toString('latin1');
    const pattern = /[\s]*(\d{10}) (\d{5}) ([nf])(?=\s)/y;
    for (let index = 0; index < wanted; index++) {
      const match = pattern.exec(text);
      if (!match) throw malformed(`The cross-reference table entry at byte ${at} is malformed.`);
      const number = first + done + index;
      if (entries.has(number)) throw malformed(`The cross-reference table lists object ${number} twice.`);
      const generation = Number(match[2]);
      entries.set(
        number,
        match[3] === 'n' ? { kind: 'offset', offset: Number(match[1]), generation } : { kind: 'free' },
      );
      if (index === wanted - 1) at += pattern.lastIndex;
    }
    done += wanted;
  }
  return at;
}

async function readStreamSection(source: ByteSource, offset: number): Promise<Section> {
  const { value } = await parseAt(source, offset, (parser) => parser.indirectObject());
  if (!(value instanceof PdfStream) || value.dict.name('Type') !== 'XRef') {
    throw malformed(`There is no cross-reference section at byte ${offset} of the PDF.`);
  }
  const { dict } = value;
  const data = await decodeStream(source, value, dict.get('Length'));
  const widths = numbers(dict.get('W'));
  const size = dict.get('Size');
  if (widths.length !== 3 || widths.some((width) => width > 8) || typeof size !== 'number') {
    throw malformed(`The cross-reference stream at byte ${offset} is malformed.`);
  }
  const index = dict.get('Index') === undefined ? [0, size] : numbers(dict.get('Index'));
  const width = widths[0]! + widths[1]! + widths[2]!;
  const entries = new Map<number, Entry>();
  let at = 0;
  for (let pair = 0; pair + 1 < index.length; pair += 2) {
    for (let number = index[pair]!; number < index[pair]! + index[pair + 1]!; number++) {
      if (width === 0 || at + width > data.length) {
        throw malformed(`The cross-reference stream at byte ${offset} is shorter than it says.`);
      }
      if (entries.has(number)) throw malformed(`The cross-reference stream lists object ${number} twice.`);
      entries.set(number, streamEntry(data, at, widths));
      at += width;
    }
  }
  return { offset, entries, trailer: checkTrailer(dict), prev: previous(dict) };
}

function streamEntry(data: Buffer, at: number, [type = 0, second = 0, third = 0]: number[]): Entry {
  const field = (start: number, width: number) => {
    let value = 0;
    for (let index = 0; index < width; index++) value = value * 256 + data[start + index]!;
    return value;
  };
  const kind = type === 0 ? 1 : field(at, type);
  const a = field(at + type, second);
  const b = field(at + type + second, third);
  if (kind === 1) return { kind: 'offset', offset: a, generation: b };
  return kind === 2 ? { kind: 'compressed', stream: a, index: b } : { kind: 'free' };
}

function checkTrailer(trailer: PdfDict): PdfDict {
  const doubled = trailer.duplicates[0];
  if (doubled === undefined) return trailer;
  throw new VerificationProblem('invalid', 'duplicate-entry', `A trailer of the PDF has more than one /${doubled}.`);
}

function previous(trailer: PdfDict): number | undefined {
  const prev = trailer.get('Prev');
  return prev === undefined ? undefined : position(prev, 'Prev');
}

function position(value: unknown, key: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw malformed(`The /${key} of a PDF trailer is not a position.`);
}

function numbers(value: unknown): number[] {
  if (!(value instanceof PdfArray)) return [];
  const items = value.items.filter((item) => typeof item === 'number' && Number.isSafeInteger(item) && item >= 0);
  return items.length === value.items.length ? (items as number[]) : [];
}

/** Whether an object is at the same place. */
export function sameEntry(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.kind === 'offset') return b.kind === 'offset' && a.offset === b.offset && a.generation === b.generation;
  if (a.kind === 'compressed') return b.kind === 'compressed' && a.stream === b.stream && a.index === b.index;
  return b.kind === 'free';
}
