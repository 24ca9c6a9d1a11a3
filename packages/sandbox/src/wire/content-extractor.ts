import { randomUUID } from 'node:crypto';
import { Base64Decoder, Base64Error } from './base64-decoder.ts';

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const key = Buffer.from('base64Content');

/**
 * Takes every `"base64Content": "…"` out of a JSON text as it streams by, so that 500 MB of documents never become one
 * string (the engine's limit is about 512 MB). What remains is small JSON with a marker in place of each content.
 */
export class ContentExtractor {
  readonly #marker = `${randomUUID()}:`;
  readonly #contents: (Buffer | Base64Error)[] = [];
  readonly #remaining: Buffer[] = [];
  #state: 'outside' | 'string' | 'content' = 'outside';
  #escaped = false;
  /** How many bytes of our key the string being read has matched so far; -1 once it cannot be the key. */
  #matched = 0;
  /** How far the sequence `key`, `:`, `"` has come. */
  #expect: 'key' | 'colon' | 'value' = 'key';
  #decoder: Base64Decoder | Base64Error | undefined;

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#state === 'content' ? this.#takeContent(chunk, at) : this.#keepRest(chunk, at);
  }

  /** The JSON that remains. */
  json(): string {
    return Buffer.concat(this.#remaining).toString('utf8');
  }

  /** The bytes behind a value of `base64Content` in that JSON; throws {@link Base64Error}. */
  contentOf(value: string): Buffer {
    // A key written with escapes is not extracted: its value is then still the content itself.
    if (!value.startsWith(this.#marker)) return decodeWhole(value);
    const content = this.#contents[Number(value.slice(this.#marker.length))]!;
    if (content instanceof Base64Error) throw content;
    return content;
  }

  /** Reads content up to its closing quote; returns where the rest begins, that quote included. */
  #takeContent(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(quote, from);
    this.#feed(chunk.subarray(from, end < 0 ? chunk.length : end));
    if (end < 0) return chunk.length;
    this.#closeContent();
    this.#remaining.push(Buffer.of(quote));
    return end + 1;
  }

  /** Keeps everything up to the opening quote of a content, that quote included; returns where the content begins. */
  #keepRest(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && this.#state !== 'content') {
      const byte = chunk[at++]!;
      if (this.#state === 'string') this.#inString(byte);
      else this.#outside(byte);
    }
    // Copied: a view would keep the whole chunk, contents and all, in memory.
    this.#remaining.push(Buffer.from(chunk.subarray(from, at)));
    return at;
  }

  #outside(byte: number): void {
    if (byte === quote) {
      if (this.#expect === 'value') {
        this.#state = 'content';
        this.#decoder = new Base64Decoder();
      } else {
        this.#state = 'string';
        this.#matched = 0;
      }
      this.#expect = 'key';
    } else if (byte === colon && this.#expect === 'colon') {
      this.#expect = 'value';
    } else if (!isWhitespace(byte)) {
      this.#expect = 'key';
    }
  }

  #inString(byte: number): void {
    if (this.#escaped) {
      this.#escaped = false;
    } else if (byte === backslash) {
      this.#escaped = true;
      this.#matched = -1;
    } else if (byte === quote) {
      this.#state = 'outside';
      this.#expect = this.#matched === key.length ? 'colon' : 'key';
    } else if (this.#matched >= 0) {
      this.#matched = byte === key[this.#matched] ? this.#matched + 1 : -1;
    }
  }

  #feed(bytes: Buffer): void {
    if (!(this.#decoder instanceof Base64Decoder)) return;
    this.#decoder = attempt(this.#decoder, (decoder) => {
      decoder.push(bytes);
      return decoder;
    });
  }

  #closeContent(): void {
    const decoder = this.#decoder!;
    this.#contents.push(decoder instanceof Base64Error ? decoder : attempt(decoder, () => decoder.finish()));
    this.#remaining.push(Buffer.from(`${this.#marker}${this.#contents.length - 1}`));
    this.#state = 'outside';
  }
}

/** An invalid content is reported only after the whole body was read. */
function attempt<T>(decoder: Base64Decoder, step: (decoder: Base64Decoder) => T): T | Base64Error {
  try {
    return step(decoder);
  } catch (error) {
    if (error instanceof Base64Error) return error;
    throw error;
  }
}

function decodeWhole(value: string): Buffer {
  const decoder = new Base64Decoder();
  decoder.push(Buffer.from(value));
  return decoder.finish();
}

function isWhitespace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
