import type { Response } from 'express';
import { SealHttpError } from '../errors/seal-http-error.ts';
import { applyHead, bodyArguments } from './call-arguments.ts';
import { dropDocumentHeaders, dropUnsealedHeaders, ResponseHead } from './entity-headers.ts';
import { startsAsPdf } from './pdf-mark.ts';

/** What to do with a response, once its head is known. `look`: its first bytes decide. */
export type Verdict = 'pass' | 'keep' | 'look' | SealHttpError;

export interface CaptureOptions {
  /** Bytes. */
  maxBytes: number;
  judge(): Verdict;
  /** Has the whole body; answers with {@link ResponseCapture.release} or {@link ResponseCapture.fail}. */
  onBody(body: Buffer): void;
  /** The response is as if nothing had been written. */
  onFailure(error: unknown): void;
}

const methods = ['writeHead', 'write', 'end', 'flushHeaders'] as const;
type Method = (typeof methods)[number];
type AnyFunction = (...parameters: unknown[]) => unknown;

/**
 * Stands before a response's own methods and keeps a body back until it may go out.
 *
 * - `open`: nothing is written yet; the first call decides.
 * - `passing`: not ours; every call goes through.
 * - `keeping`: the body is collected.
 * - `closed`: the body is complete, the answer is decided elsewhere; further calls are ignored, as after an `end()`.
 */
export class ResponseCapture {
  readonly #res: Response;
  readonly #options: CaptureOptions;
  readonly #original: Record<Method, AnyFunction>;
  #state: 'open' | 'passing' | 'keeping' | 'closed' = 'open';
  #chunks: Buffer[] = [];
  #size = 0;
  #head: ResponseHead | undefined;
  #failure: SealHttpError | undefined;
  #implicitHead = false;
  #cancelled = false;

  constructor(res: Response, options: CaptureOptions) {
    this.#res = res;
    this.#options = options;
    this.#original = Object.fromEntries(methods.map((name) => [name, res[name] as AnyFunction])) as never;
    Object.assign(res, {
      writeHead: (...parameters: unknown[]) => this.#writeHead(parameters),
      flushHeaders: () => this.#flushHeaders(),
      write: (...parameters: unknown[]) => this.#write(parameters),
      end: (...parameters: unknown[]) => this.#end(parameters),
    });
  }

  /** Sends the sealed body under the head that the route wrote. */
  release(body: Uint8Array): void {
    this.#reopen();
    this.#head?.restore();
    dropUnsealedHeaders(this.#res);
    this.#res.setHeader('Content-Length', body.byteLength);
    this.#call('end', [body]);
  }

  /** Gives the response back, empty, for an error handler. */
  fail(error: unknown): void {
    if (this.#cancelled) return;
    this.#close();
    this.#reopen();
    this.#head?.restore();
    dropDocumentHeaders(this.#res);
    this.#res.statusCode = 200;
    this.#res.statusMessage = '';
    this.#options.onFailure(error);
  }

  /** Nobody waits for the answer any more. */
  abandon(): void {
    if (this.#state === 'passing') return;
    this.#cancelled = true;
    this.#close();
  }

  #writeHead(parameters: unknown[]): Response {
    if (this.#state === 'open') {
      applyHead(this.#res, parameters);
      const verdict = this.#options.judge();
      if (verdict === 'pass') this.#state = 'passing';
      else if (verdict !== 'look') this.#startKeeping(verdict === 'keep' ? undefined : verdict);
      if (this.#passing() && !this.#implicitHead) this.#call('writeHead', [this.#res.statusCode]);
    } else if (this.#passing()) {
      this.#call('writeHead', parameters);
    }
    return this.#res;
  }

  /**
   * The head is complete although nobody wrote it. As Node does, this goes through `res.writeHead`, where wrappers put around
   * ours add their headers: only then is it known whether a compressor is among them.
   */
  #judgeImplicitHead(): void {
    if (this.#state !== 'open') return;
    this.#implicitHead = true;
    this.#res.writeHead(this.#res.statusCode);
    this.#implicitHead = false;
  }

  #flushHeaders(): void {
    this.#judgeImplicitHead();
    if (this.#passing()) this.#call('flushHeaders', []);
  }

  #write(parameters: unknown[]): boolean {
    this.#judgeImplicitHead();
    if (this.#passing()) return this.#call('write', parameters) as boolean;
    const { chunk, done } = bodyArguments(parameters);
    // A copy: the writer may reuse its buffer as soon as it is told that the write is done.
    if (chunk && this.#wanted()) this.#keep(Buffer.from(chunk));
    if (this.#state === 'open') this.#lookAtBody(false);
    if (done) process.nextTick(done);
    // Never false: nothing would ever emit the `drain` that a pipe then waits for.
    return true;
  }

  #end(parameters: unknown[]): Response {
    this.#judgeImplicitHead();
    if (this.#passing()) {
      this.#call('end', parameters);
      return this.#res;
    }
    if (this.#state === 'closed') return this.#res;
    const { chunk, done } = bodyArguments(parameters);
    if (done) this.#res.once('finish', done);
    if (chunk && this.#wanted()) this.#keep(chunk);
    if (this.#state === 'open') this.#lookAtBody(true);
    if (this.#passing()) this.#call('end', []);
    else this.#complete();
    return this.#res;
  }

  #startKeeping(failure?: SealHttpError): void {
    this.#state = 'keeping';
    this.#head = new ResponseHead(this.#res);
    this.#failure = failure;
    // To the application the answer has begun, or an error page would be appended to half a document.
    override(this.#res, 'headersSent', true);
  }

  /** A failed body is swallowed to its end: what the route still writes must not mix with the error page. */
  #wanted(): boolean {
    return this.#state !== 'closed' && this.#failure === undefined;
  }

  #keep(chunk: Buffer): void {
    this.#size += chunk.byteLength;
    this.#chunks.push(chunk);
    if (this.#state === 'keeping') this.#bound();
  }

  #bound(): void {
    if (this.#size <= this.#options.maxBytes) return;
    this.#failure = tooLarge(this.#options);
    this.#chunks = [];
  }

  #lookAtBody(ended: boolean): void {
    const isPdf = startsAsPdf(this.#chunks, ended);
    if (isPdf) {
      this.#startKeeping();
      this.#bound();
    } else if (isPdf === false) {
      this.#state = 'passing';
      const kept = this.#takeBody();
      if (kept.byteLength > 0) this.#call('write', [kept]);
    }
  }

  #complete(): void {
    const failure = this.#failure ?? this.#flaw();
    const body = this.#takeBody();
    this.#close();
    // Later: the route, and wrappers around this `end`, must come to their own end first.
    if (failure) setImmediate(() => this.fail(failure));
    else this.#options.onBody(body);
  }

  #flaw(): SealHttpError | undefined {
    const promised = this.#head?.contentLength;
    if (promised !== undefined && promised !== this.#size) {
      const message = `The route wrote ${this.#size} of the ${promised} bytes that its Content-Length promised.`;
      return new SealHttpError('RESPONSE_INCOMPLETE', 500, message);
    }
    if (!this.#head?.changed()) return undefined;
    const message =
      'Status or type of the answer changed after its body had begun; a handler overwrote half a document.';
    return new SealHttpError('RESPONSE_CHANGED', 500, message);
  }

  #takeBody(): Buffer {
    const [first, ...others] = this.#chunks;
    this.#chunks = [];
    return first && others.length === 0 ? first : Buffer.concat(first ? [first, ...others] : []);
  }

  #close(): void {
    this.#state = 'closed';
    this.#chunks = [];
    override(this.#res, 'headersSent', true);
    override(this.#res, 'writableEnded', true);
  }

  /**
   * The response works as before it was captured. The originals go back in place, past any wrapper put around ours since: a
   * compressor that has seen one `end()` would swallow the next.
   */
  #reopen(): void {
    Object.assign(this.#res, this.#original);
    for (const property of ['headersSent', 'writableEnded'] as const) Reflect.deleteProperty(this.#res, property);
  }

  #passing(): boolean {
    return this.#state === 'passing';
  }

  #call(method: Method, parameters: unknown[]): unknown {
    return this.#original[method].apply(this.#res, parameters);
  }
}

function override(res: Response, property: 'headersSent' | 'writableEnded', value: boolean): void {
  Object.defineProperty(res, property, { configurable: true, get: () => value });
}

const tooLarge = ({ maxBytes }: CaptureOptions) =>
  new SealHttpError(
    'RESPONSE_TOO_LARGE',
    500,
    `The PDF is larger than the ${maxBytes} bytes that are kept for sealing.`,
    {
      hint: 'Raise maxBytes; the PDF is in memory while it is sealed.',
    },
  );
