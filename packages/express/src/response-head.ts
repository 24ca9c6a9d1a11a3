import type { OutgoingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';

/** Headers that describe the unsigned bytes. Every signature gives new bytes, so a validator would never match again either. */
const unsignedBodyHeaders =
  'accept-ranges content-digest content-length content-md5 digest etag last-modified repr-digest trailer transfer-encoding';

/** Headers that an error page must not inherit from the PDF it replaces; a browser would save it as `invoice.pdf`. */
const documentHeaders =
  'cache-control content-disposition content-encoding content-language content-location content-range content-type expires';

const requestConditions = 'if-none-match if-modified-since if-match if-unmodified-since range if-range';

export function dropUnsignedHeaders(res: Response): void {
  for (const name of unsignedBodyHeaders.split(' ')) res.removeHeader(name);
}

export function dropDocumentHeaders(res: Response): void {
  dropUnsignedHeaders(res);
  for (const name of documentHeaders.split(' ')) res.removeHeader(name);
}

/**
 * Conditions and ranges refer to signed bytes, but the route would compare them with the unsigned ones: a 304 or a part of an
 * unsigned file would pass. Without these headers the route responds in full.
 */
export function dropConditions(req: Request): void {
  for (const name of requestConditions.split(' ')) delete req.headers[name];
}

/** Status and headers as they were when the body began; later changes have no effect, as in Node itself. */
export class ResponseHead {
  readonly #res: Response;
  readonly #statusCode: number;
  readonly #statusMessage: string;
  readonly #headers: OutgoingHttpHeaders;

  constructor(res: Response) {
    this.#res = res;
    this.#statusCode = res.statusCode;
    this.#statusMessage = res.statusMessage;
    // A copy: the object follows later changes.
    this.#headers = { ...res.getHeaders() };
  }

  /** Bytes that the route announced. */
  get contentLength(): number | undefined {
    const header = this.#headers['content-length'];
    return header === undefined ? undefined : Number(header);
  }

  /** Whether something else wrote to the response, such as an error handler that does not check `headersSent`. */
  changed(): boolean {
    const { statusCode } = this.#res;
    return statusCode !== this.#statusCode || this.#res.getHeader('content-type') !== this.#headers['content-type'];
  }

  restore(): void {
    for (const name of this.#res.getHeaderNames()) this.#res.removeHeader(name);
    for (const [name, value] of Object.entries(this.#headers)) this.#res.setHeader(name, value as string);
    this.#res.statusCode = this.#statusCode;
    this.#res.statusMessage = this.#statusMessage;
  }
}

/** The arguments of `write` and `end`: (chunk, encoding, callback) with anything left out. */
export function bodyArguments(parameters: readonly unknown[]): {
  chunk: Buffer | undefined;
  done: (() => void) | undefined;
} {
  const [chunk, encoding] = parameters;
  const done = parameters.find((parameter) => typeof parameter === 'function') as (() => void) | undefined;
  if (chunk === undefined || chunk === null || typeof chunk === 'function') return { chunk: undefined, done };
  if (typeof chunk === 'string') {
    return { chunk: Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'), done };
  }
  if (!(chunk instanceof Uint8Array)) throw new TypeError('The body of a response is text, a Buffer or a Uint8Array.');
  return { chunk: Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength), done };
}

/** Headers passed to `writeHead(status, message, headers)` bypass `getHeader`: set them where they can be read and removed. */
export function applyHead(res: Response, parameters: readonly unknown[]): void {
  const [status, ...rest] = parameters;
  res.statusCode = Number(status);
  if (typeof rest[0] === 'string') res.statusMessage = rest.shift() as string;
  const headers = rest.find((value) => value !== undefined && value !== null) ?? {};
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
    return;
  }
  const flat = headers.flat() as string[];
  const names = flat.filter((_, index) => index % 2 === 0);
  // A name may occur several times, such as Set-Cookie.
  for (const name of names) res.removeHeader(name);
  names.forEach((name, index) => void res.appendHeader(name, flat[index * 2 + 1]!));
}
