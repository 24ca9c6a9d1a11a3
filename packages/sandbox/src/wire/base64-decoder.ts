/** Thrown for invalid base64. */
export class Base64Error extends Error {
  override name = 'Base64Error';
}

/** Length of the longest JSON escape, `\u003d`. */
const longestEscape = 6;

/** Turns the base64 within a JSON string, arriving in pieces, into one buffer without ever holding the text as a whole. */
export class Base64Decoder {
  readonly #pieces: Buffer[] = [];
  #rest = '';
  #padded = false;

  push(bytes: Buffer): void {
    const text = this.#rest + bytes.toString('latin1');
    const backslash = text.lastIndexOf('\\');
    const perhapsCut = backslash >= 0 && backslash > text.length - longestEscape;
    const head = unescapeJson(perhapsCut ? text.slice(0, backslash) : text);
    const usable = head.length - (head.length % 4);
    this.#decode(head.slice(0, usable));
    this.#rest = head.slice(usable) + (perhapsCut ? text.slice(backslash) : '');
  }

  finish(): Buffer {
    this.#decode(unescapeJson(this.#rest));
    return Buffer.concat(this.#pieces);
  }

  #decode(text: string): void {
    if (text === '') return;
    // Node skips invalid characters and accepts the URL alphabet; a Java decoder does neither.
    if (this.#padded || text.includes('-') || text.includes('_')) throw new Base64Error('not base64');
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    const piece = Buffer.from(text, 'base64');
    if (piece.length !== (text.length / 4) * 3 - padding) throw new Base64Error('not base64');
    this.#padded = padding > 0;
    this.#pieces.push(piece);
  }
}

/** Some JSON writers escape `/` (PHP) or `=` (Gson), both of which base64 uses. */
function unescapeJson(text: string): string {
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    throw new Base64Error('not base64');
  }
}
