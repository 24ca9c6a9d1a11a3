import type { ByteSource } from '../source.ts';
import { type Entry, readSections, type Section } from './cross-references.ts';
import type { Decryptor } from './encryption.ts';
import { PdfArray, PdfDict, PdfRef, PdfStream, type PdfValue } from './objects.ts';
import { malformed, PdfParser, parseAt } from './parser.ts';
import { decodeStream } from './stream-data.ts';

const MAX_CACHED_OBJECTS = 2000;
const MAX_REFERENCE_HOPS = 32;

/** An object stream: where its objects are. */
interface ObjectStream {
  data: Buffer;
  numbers: number[];
  offsets: number[];
}

/** The document as one cross-reference section and its predecessors describe it. */
export class Revision {
  readonly source: ByteSource;
  /** Newest first. */
  readonly sections: readonly Section[];
  readonly #objects = new Map<number, PdfValue>();
  #objectStream: { number: number; content: ObjectStream } | undefined;

  readonly #decryptor: Decryptor | undefined;

  constructor(source: ByteSource, sections: readonly Section[], decryptor?: Decryptor) {
    this.source = source;
    this.sections = sections;
    this.#decryptor = decryptor;
  }

  static async open(source: ByteSource, startXref: number, password?: string): Promise<Revision> {
    const sections = await readSections(source, startXref);
    const plain = new Revision(source, sections);
    if (!plain.isEncrypted) return plain;
    // Loaded on demand: few signed documents are encrypted.
    const { Decryptor } = await import('./encryption.ts');
    return new Revision(source, sections, await Decryptor.open(plain, password));
  }

  get isEncrypted(): boolean {
    return (this.trailer.get('Encrypt') ?? null) !== null;
  }

  get trailer(): PdfDict {
    return this.sections[0]!.trailer;
  }

  /** Where the object is, or undefined if it does not exist. */
  entry(number: number): Exclude<Entry, { kind: 'free' }> | undefined {
    for (const { entries } of this.sections) {
      const entry = entries.get(number);
      if (entry) return entry.kind === 'free' ? undefined : entry;
    }
    return undefined;
  }

  /** The object of that number, null if it does not exist. */
  async object(number: number): Promise<PdfValue> {
    const cached = this.#objects.get(number);
    if (cached !== undefined) return cached;
    const value = await this.#load(number);
    if (this.#objects.size >= MAX_CACHED_OBJECTS) this.#objects.clear();
    this.#objects.set(number, value);
    return value;
  }

  /** Follows references until something else comes. */
  async resolve(value: PdfValue | undefined): Promise<PdfValue> {
    let current = value ?? null;
    for (let hops = 0; current instanceof PdfRef; hops++) {
      if (hops > MAX_REFERENCE_HOPS) throw malformed('References of the PDF form a loop.');
      current = await this.object(current.number);
    }
    return current;
  }

  async dict(value: PdfValue | undefined): Promise<PdfDict | undefined> {
    const resolved = await this.resolve(value);
    return resolved instanceof PdfDict ? resolved : undefined;
  }

  async array(value: PdfValue | undefined): Promise<readonly PdfValue[]> {
    const resolved = await this.resolve(value);
    return resolved instanceof PdfArray ? resolved.items : [];
  }

  async catalog(): Promise<PdfDict> {
    const catalog = await this.dict(this.trailer.get('Root'));
    if (!catalog) throw malformed('The PDF has no document catalog.');
    return catalog;
  }

  async streamData(stream: PdfStream): Promise<Buffer> {
    const decryptor = stream.dict.name('Type') === 'XRef' ? undefined : this.#decryptor;
    const length = await this.resolve(stream.dict.get('Length'));
    return decodeStream(this.source, stream, length, decryptor && ((...args) => decryptor.stream(...args)));
  }

  async #load(number: number): Promise<PdfValue> {
    const entry = this.entry(number);
    if (!entry) return null;
    if (entry.kind === 'compressed') return this.#loadCompressed(number, entry);
    const object = await parseAt(this.source, entry.offset, (parser) => parser.indirectObject());
    if (object.number !== number || object.generation !== entry.generation) {
      throw malformed(`The PDF object at byte ${entry.offset} is not object ${number}.`);
    }
    return this.#decryptor?.value(object.value, number, object.generation) ?? object.value;
  }

  async #loadCompressed(number: number, entry: { stream: number; index: number }): Promise<PdfValue> {
    const { data, numbers, offsets } = await this.objectStream(entry.stream);
    const index = numbers[entry.index] === number ? entry.index : -1;
    const offset = offsets[index];
    if (offset === undefined)
      throw malformed(`The object stream ${entry.stream} of the PDF does not hold object ${number}.`);
    const parser = new PdfParser(data);
    parser.offset = offset;
    return parser.value();
  }

  /** The last one is kept, since neighbours are usually asked for together. */
  async objectStream(number: number): Promise<ObjectStream> {
    if (this.#objectStream?.number === number) return this.#objectStream.content;
    if (this.entry(number)?.kind !== 'offset') throw malformed(`The object stream ${number} of the PDF is missing.`);
    const stream = await this.object(number);
    if (!(stream instanceof PdfStream) || stream.dict.name('Type') !== 'ObjStm') {
      throw malformed(`The PDF object ${number} is not an object stream.`);
    }
    const length = stream.dict.get('Length');
    // A length in an object stream could ask for itself.
    if (length instanceof PdfRef && this.entry(length.number)?.kind !== 'offset') {
      throw malformed(`The /Length of object stream ${number} is not usable.`);
    }
    const data = await this.streamData(stream);
    const content = { data, ...readOffsets(data, stream.dict) };
    this.#objectStream = { number, content };
    return content;
  }
}

function readOffsets(data: Buffer, dict: PdfDict): { numbers: number[]; offsets: number[] } {
  const count = dict.get('N');
  const first = dict.get('First');
  if (typeof count !== 'number' || typeof first !== 'number' || count > data.length) {
    throw malformed('An object stream of the PDF is malformed.');
  }
  const parser = new PdfParser(data);
  const numbers: number[] = [];
  const offsets: number[] = [];
  for (let index = 0; index < count; index++) {
    const number = parser.integer();
    const offset = parser.integer();
    if (number === undefined || offset === undefined) throw malformed('An object stream of the PDF is malformed.');
    numbers.push(number);
    offsets.push(first + offset);
  }
  return { numbers, offsets };
}
