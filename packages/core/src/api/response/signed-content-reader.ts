import { ProtocolError } from '../../errors/errors.ts';

/** Takes the signed bytes of one document as they arrive. */
export interface ContentWriter<T> {
  /** The chunk's memory is reused when this resolves: keep a copy, not the chunk. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Called after the last byte; returns the stored content. */
  finish(): T | Promise<T>;
  /** Discards the bytes. */
  discard(): void | Promise<void>;
}

/** Makes a writer for each signed document of an answer, before it is known which document it is. */
export type ContentStore<T> = () => ContentWriter<T>;

/** A JSON answer in which each signed content is replaced by its index in `contents`. */
export interface SplitAnswer<T> {
  json: string;
  contents: T[];
}

/** The property whose string value is taken out of the text (API reference, section 6: DocumentResponse). */
const contentProperty = 'signedContent';
/** A detail of 99 documents has about 100 KB without their contents. Characters. */
const maxJsonLength = 8 * 1024 * 1024;

const noBytes = new Uint8Array(0);
const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * Splits an answer as it arrives: signed contents go, decoded, to writers; everything else is kept as JSON text. So a
 * 500 MB answer needs no more memory than a small one, and never becomes one string, which V8 limits to about 512 MB.
 *
 * @throws {@link ProtocolError} `PROTOCOL_UNEXPECTED` for content that is not base64. Whether the JSON is whole is for
 *   the caller's parser to say.
 */
export async function splitSignedContent<T>(
  body: AsyncIterable<Uint8Array>,
  fromBase64: FromBase64,
  store: ContentStore<T>,
): Promise<SplitAnswer<T>> {
  const splitter = new Splitter(fromBase64, store);
  try {
    for await (const chunk of body) await splitter.take(chunk);
    return splitter.end();
  } catch (error) {
    await splitter.abandon();
    throw error;
  }
}

/** Decodes whole groups of four into a buffer that has room for them; returns the number of bytes. */
export type FromBase64 = (ascii: Uint8Array, into: Uint8Array) => number;

type State = 'between' | 'string' | 'escape' | 'content' | 'contentEscape';

class Splitter<T> {
  readonly #fromBase64: FromBase64;
  readonly #store: ContentStore<T>;
  readonly #decoder = new TextDecoder();
  readonly #contents: T[] = [];
  readonly #writers = new Set<ContentWriter<T>>();
  #json = '';
  #state: State = 'between';
  /** The bytes of the string being read, kept only while it can still be the property's name. */
  #name = '';
  /** True from the property's name and its colon until its value begins. */
  #valueIsContent = false;
  #lastString = '';
  #writer: ContentWriter<T> | undefined;
  /** Base64 characters that do not yet fill a group of four. */
  #rest: Uint8Array = noBytes;
  /** Where every chunk is decoded: memory for each would be more than all else that reading an answer needs. */
  #decoded = noBytes;
  #escape = '';

  constructor(fromBase64: FromBase64, store: ContentStore<T>) {
    this.#fromBase64 = fromBase64;
    this.#store = store;
  }

  async take(chunk: Uint8Array): Promise<void> {
    let at = 0;
    while (at < chunk.byteLength) {
      switch (this.#state) {
        case 'between':
          at = this.#between(chunk, at);
          break;
        case 'string':
          at = this.#string(chunk, at);
          break;
        case 'escape':
          this.#keep(chunk.subarray(at, at + 1));
          this.#state = 'string';
          at++;
          break;
        case 'content':
          at = await this.#content(chunk, at);
          break;
        case 'contentEscape':
          await this.#contentEscape(chunk[at] as number);
          at++;
          break;
      }
    }
  }

  end(): SplitAnswer<T> {
    if (this.#state !== 'between')
      throw new ProtocolError('PROTOCOL_TRUNCATED', 'The answer ended in the middle of a value.');
    return { json: this.#json + this.#decoder.decode(), contents: this.#contents };
  }

  /** Discards everything written, complete contents too: an interrupted answer is requested again as a whole. */
  async abandon(): Promise<void> {
    for (const writer of this.#writers) await writer.discard();
    this.#writers.clear();
  }

  #between(chunk: Uint8Array, from: number): number {
    let at = from;
    for (; at < chunk.byteLength; at++) {
      const byte = chunk[at] as number;
      if (byte === quote) break;
      if (byte === colon) this.#valueIsContent = this.#lastString === contentProperty;
      else if (!isSpace(byte)) this.#valueIsContent = false;
      if (!isSpace(byte)) this.#lastString = '';
    }
    if (at === chunk.byteLength) {
      this.#keep(chunk.subarray(from));
      return at;
    }
    if (this.#valueIsContent) {
      this.#valueIsContent = false;
      this.#keep(chunk.subarray(from, at));
      this.#json += String(this.#contents.length);
      this.#writer = this.#store();
      this.#writers.add(this.#writer);
      this.#state = 'content';
    } else {
      this.#keep(chunk.subarray(from, at + 1));
      this.#name = '';
      this.#state = 'string';
    }
    return at + 1;
  }

  #string(chunk: Uint8Array, from: number): number {
    const end = endOfRun(chunk, from);
    this.#keep(chunk.subarray(from, Math.min(end + 1, chunk.byteLength)));
    if (this.#name.length <= contentProperty.length) {
      this.#name += String.fromCharCode(...chunk.subarray(from, Math.min(end, from + contentProperty.length + 1)));
    }
    if (end === chunk.byteLength) return end;
    if (chunk[end] === backslash) {
      this.#name += '\\';
      this.#state = 'escape';
    } else {
      this.#lastString = this.#name;
      this.#state = 'between';
    }
    return end + 1;
  }

  async #content(chunk: Uint8Array, from: number): Promise<number> {
    const closing = chunk.indexOf(quote, from);
    const end = closing < 0 ? chunk.byteLength : closing;
    const run = chunk.subarray(from, end);
    if (!(await this.#decode(run))) {
      // Searched for only now: escapes in base64 are rare, and each scan of a large answer costs time.
      const escaping = run.indexOf(backslash);
      if (escaping < 0 || !(await this.#decode(run.subarray(0, escaping)))) throw notBase64();
      this.#escape = '';
      this.#state = 'contentEscape';
      return from + escaping + 1;
    }
    if (closing < 0) return end;
    if (this.#rest.byteLength > 0) throw notBase64();
    const writer = this.#writer as ContentWriter<T>;
    this.#contents.push(await writer.finish());
    this.#state = 'between';
    return end + 1;
  }

  /** Some JSON writers escape `/`, `=` or `+`, and some break base64 into lines. */
  async #contentEscape(byte: number): Promise<void> {
    this.#escape += String.fromCharCode(byte);
    if (this.#escape.startsWith('u') && this.#escape.length < 5) return;
    this.#state = 'content';
    if (this.#escape === 'n' || this.#escape === 'r') return;
    const character: unknown = parseEscape(this.#escape);
    if (!(await this.#decode(new TextEncoder().encode(String(character))))) throw notBase64();
  }

  /** Decodes and writes; false, with nothing changed, where these are not all base64 characters. */
  async #decode(ascii: Uint8Array): Promise<boolean> {
    const missing = this.#rest.byteLength === 0 ? 0 : 4 - this.#rest.byteLength;
    if (ascii.byteLength < missing) {
      if (ascii.includes(backslash)) return false;
      this.#rest = concat(this.#rest, ascii);
      return true;
    }
    // Only the few characters at the seam of two chunks are copied.
    const room = ((ascii.byteLength + 4) / 4) * 3;
    if (this.#decoded.byteLength < room) this.#decoded = new Uint8Array(room);
    const seam = missing > 0 ? this.#groups(concat(this.#rest, ascii.subarray(0, missing)), 0) : 0;
    if (seam === undefined) return false;
    const whole = ascii.byteLength - ((ascii.byteLength - missing) % 4);
    const end = this.#groups(ascii.subarray(missing, whole), seam);
    const rest = new Uint8Array(ascii.subarray(whole));
    if (end === undefined || rest.includes(backslash)) return false;
    this.#rest = rest;
    if (end > 0) await this.#writer?.write(this.#decoded.subarray(0, end));
    return true;
  }

  /**
   * Decodes whole groups of four. Node's decoder skips invalid characters, which would silently corrupt a signed document.
   *
   * @param at - Where the decoded bytes begin. @returns Where they end; undefined if these are not all base64 characters.
   */
  #groups(ascii: Uint8Array, at: number): number | undefined {
    const length = ascii.byteLength;
    if (length === 0) return at;
    const padding = ascii[length - 1] !== 0x3d ? 0 : ascii[length - 2] !== 0x3d ? 1 : 2;
    const written = this.#fromBase64(ascii, this.#decoded.subarray(at));
    return written === (length / 4) * 3 - padding ? at + written : undefined;
  }

  #keep(bytes: Uint8Array): void {
    this.#json += this.#decoder.decode(bytes, { stream: true });
    if (this.#json.length > maxJsonLength) {
      throw new ProtocolError('PROTOCOL_UNEXPECTED', 'The answer is far larger than the API describes.');
    }
  }
}

/** Where the run of plain characters that starts at `from` ends: at a quote, a backslash, or the chunk's end. */
function endOfRun(chunk: Uint8Array, from: number): number {
  const closing = chunk.indexOf(quote, from);
  const end = closing < 0 ? chunk.byteLength : closing;
  const escaping = chunk.subarray(from, end).indexOf(backslash);
  return escaping < 0 ? end : from + escaping;
}

function parseEscape(sequence: string): unknown {
  try {
    return JSON.parse(`"\\${sequence}"`);
  } catch {
    throw notBase64();
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.byteLength + b.byteLength);
  both.set(a);
  both.set(b, a.byteLength);
  return both;
}

const notBase64 = () =>
  new ProtocolError('PROTOCOL_UNEXPECTED', 'A signed document in the answer is not valid base64.');
