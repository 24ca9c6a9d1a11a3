import type { OutgoingHttpHeader } from 'node:http';
import type { Request, Response } from 'express';

/** They describe the bytes before sealing; sealing anew makes other bytes, so there is no lasting validator either. */
const ofUnsealedBytes = [
  'accept-ranges',
  'content-digest',
  'content-length',
  'content-md5',
  'digest',
  'etag',
  'last-modified',
  'repr-digest',
  'trailer',
  'transfer-encoding',
];

/** What an error page must not inherit from the PDF it replaces, lest a browser saves it as `invoice.pdf`. */
const ofTheDocument = [
  ...ofUnsealedBytes,
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-location',
  'content-range',
  'content-type',
  'expires',
];

export const dropUnsealedHeaders = (res: Response): void => {
  for (const name of ofUnsealedBytes) res.removeHeader(name);
};

export const dropDocumentHeaders = (res: Response): void => {
  for (const name of ofTheDocument) res.removeHeader(name);
};

/**
 * A condition or a range speaks of sealed bytes, but the route would compare it with the unsealed ones: a 304 or a slice of an
 * unsealed file would pass. Without these headers the route answers in full.
 */
export function dropConditions(req: Request): void {
  for (const name of ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'range', 'if-range']) {
    delete req.headers[name];
  }
}

/** Status and headers as they were when the body began: what comes later must not change them, as in Node itself. */
export class ResponseHead {
  readonly statusCode: number;
  readonly #statusMessage: string;
  readonly #headers: [string, OutgoingHttpHeader][];
  readonly #res: Response;

  constructor(res: Response) {
    this.#res = res;
    this.statusCode = res.statusCode;
    this.#statusMessage = res.statusMessage;
    this.#headers = Object.entries(res.getHeaders()).filter((entry): entry is [string, OutgoingHttpHeader] => {
      return entry[1] !== undefined;
    });
  }

  /** Bytes that the route promised. */
  get contentLength(): number | undefined {
    const header = this.#find('content-length');
    return header === undefined ? undefined : Number(header);
  }

  /** Whether something else took the answer over, such as an error handler that does not look at `headersSent`. */
  changed(): boolean {
    const { statusCode } = this.#res;
    return statusCode !== this.statusCode || this.#res.getHeader('content-type') !== this.#find('content-type');
  }

  restore(): void {
    for (const name of this.#res.getHeaderNames()) this.#res.removeHeader(name);
    for (const [name, value] of this.#headers) this.#res.setHeader(name, value as string);
    this.#res.statusCode = this.statusCode;
    this.#res.statusMessage = this.#statusMessage;
  }

  #find(name: string): OutgoingHttpHeader | undefined {
    return this.#headers.find(([known]) => known === name)?.[1];
  }
}
