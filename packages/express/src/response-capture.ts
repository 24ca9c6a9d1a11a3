import { formatBytes } from '@signstash-connect/core/adapter/node';
import type { Response } from 'express';
import { middlewareError, SignHttpError } from './errors.ts';
import { applyHead, bodyArguments, dropDocumentHeaders, dropUnsignedHeaders, ResponseHead } from './response-head.ts';

/** What to do with a response, once its head is known. `inspect`: its first bytes decide. */
export type Decision = 'pass' | 'keep' | 'inspect' | SignHttpError;

export interface CaptureOptions {
  /** Bytes. */
  maxBytes: number;
  /** Called once, when the head is known. */
  decide(): Decision;
  /** Receives the whole body; responds with {@link ResponseCapture.release} or {@link ResponseCapture.fail}. */
  onBody(body: Buffer): void;
  /** The response is as if nothing had been written. */
  onFailure(error: unknown): void;
}

const methods = ['writeHead', 'write', 'end', 'flushHeaders'] as const;
type Method = (typeof methods)[number];
type AnyFunction = (...parameters: unknown[]) => unknown;

/**
 * Wraps a response's own methods and holds its body back until it may be sent.
 *
 * - `open`: nothing is written yet; the first call decides.
 * - `inspecting`: the head is final, the first bytes decide whether this is a PDF.
 * - `passing`: not a PDF; every call goes through.
 * - `keeping`: the body is collected.
 * - `closed`: the body is complete and the response is decided elsewhere; further calls are ignored, as after an `end()`.
 */
export class ResponseCapture {
  readonly #res: Response;
  readonly #options: CaptureOptions;
  readonly #original: Record<Method, AnyFunction>;
  #state: 'open' | 'inspecting' | 'passing' | 'keeping' | 'closed' = 'open';
  #chunks: Buffer[] = [];
  #size = 0;
  #head: ResponseHead | undefined;
  #failure: SignHttpError | undefined;
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

  /** Sends the signed body with the head that the route wrote. */
  release(body: Uint8Array): void {
    this.#reopen();
    this.#head?.restore();
    dropUnsignedHeaders(this.#res);
    this.#res.setHeader('Content-Length', body.byteLength);
    this.#call('end', [body]);
  }

  /** Returns the response, empty, to an error handler. */
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

  /** The caller has disconnected: nothing will be sent. */
  abandon(): void {
    if (this.#state === 'passing') return;
    this.#cancelled = true;
    this.#close();
  }

  #writeHead(parameters: unknown[]): Response {
    if (this.#state === 'open') {
      applyHead(this.#res, parameters);
      const decision = this.#options.decide();
      if (decision === 'pass') this.#state = 'passing';
      else this.#startHolding(decision);
      if (this.#passing() && !this.#implicitHead) this.#call('writeHead', [this.#res.statusCode]);
    } else if (this.#passing()) {
      this.#call('writeHead', parameters);
    }
    return this.#res;
  }

  /**
   * The head is complete although the route has not written it. As in Node, this goes through `res.writeHead`, where wrappers
   * around ours add their headers: only then is it known whether a compressor is among them.
   */
  #decideImplicitHead(): void {
    if (this.#state !== 'open') return;
    this.#implicitHead = true;
    this.#res.writeHead(this.#res.statusCode);
    this.#implicitHead = false;
  }

  #flushHeaders(): void {
    this.#decideImplicitHead();
    if (this.#passing()) this.#call('flushHeaders', []);
  }

  #write(parameters: unknown[]): boolean {
    this.#decideImplicitHead();
    if (this.#passing()) return this.#call('write', parameters) as boolean;
    const { chunk, done } = bodyArguments(parameters);
    // A copy: the writer may reuse its buffer once the write has been confirmed.
    if (chunk && this.#isCollecting()) this.#keep(Buffer.from(chunk));
    if (this.#state === 'inspecting') this.#inspectBody(false);
    if (done) process.nextTick(done);
    // Never false: nothing would emit the `drain` event that a pipe then waits for.
    return true;
  }

  #end(parameters: unknown[]): Response {
    this.#decideImplicitHead();
    if (this.#passing()) this.#call('end', parameters);
    if (this.#passing() || this.#state === 'closed') return this.#res;
    const { chunk, done } = bodyArguments(parameters);
    if (done) this.#res.once('finish', done);
    if (chunk && this.#isCollecting()) this.#keep(chunk);
    if (this.#state === 'inspecting') this.#inspectBody(true);
    if (this.#passing()) this.#call('end', []);
    else this.#complete();
    return this.#res;
  }

  #startHolding(decision: 'keep' | 'inspect' | SignHttpError): void {
    this.#state = decision === 'inspect' ? 'inspecting' : 'keeping';
    this.#head = new ResponseHead(this.#res);
    if (decision instanceof SignHttpError) this.#failure = decision;
    // To the application the response has begun; otherwise an error page would be appended to half a document.
    override(this.#res, 'headersSent', true);
  }

  /** What the route writes after a failure is dropped: it must not mix with the error page. */
  #isCollecting(): boolean {
    return this.#state !== 'closed' && this.#failure === undefined;
  }

  #keep(chunk: Buffer): void {
    this.#size += chunk.byteLength;
    this.#chunks.push(chunk);
    if (this.#state === 'keeping') this.#bound();
  }

  #bound(): void {
    if (this.#size <= this.#options.maxBytes) return;
    const message = `The PDF is larger than ${formatBytes(this.#options.maxBytes)}, the limit set by maxBytes.`;
    const hint = 'Raise maxBytes of signResponse(); the PDF is held in memory while it is signed.';
    this.#failure = middlewareError('RESPONSE_TOO_LARGE', message, hint);
    this.#chunks = [];
  }

  #inspectBody(ended: boolean): void {
    const isPdf = startsAsPdf(this.#chunks, ended);
    if (isPdf) {
      this.#state = 'keeping';
      this.#bound();
    } else if (isPdf === false) {
      this.#state = 'passing';
      this.#head?.restore();
      Reflect.deleteProperty(this.#res, 'headersSent');
      const body = this.#takeBody();
      if (body.byteLength > 0) this.#call('write', [body]);
    }
  }

  #complete(): void {
    const failure = this.#failure ?? this.#findBodyError();
    const body = this.#takeBody();
    this.#close();
    // Deferred: the route, and wrappers around this `end`, must return first.
    if (failure) setImmediate(() => this.fail(failure));
    else this.#options.onBody(body);
  }

  #findBodyError(): SignHttpError | undefined {
    const announced = this.#head?.contentLength;
    if (announced !== undefined && announced !== this.#size) {
      const message = `The route wrote ${this.#size} of the ${announced} bytes announced in its Content-Length.`;
      return middlewareError('RESPONSE_INCOMPLETE', message);
    }
    if (!this.#head?.changed()) return undefined;
    const message =
      'The status or type of the response changed after its body had begun: a handler overwrote an incomplete document.';
    return middlewareError('RESPONSE_CHANGED', message);
  }

  #takeBody(): Buffer {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  #close(): void {
    this.#state = 'closed';
    this.#chunks = [];
    override(this.#res, 'headersSent', true);
    override(this.#res, 'writableEnded', true);
  }

  /**
   * Restores the response's own methods, also past wrappers added since: a compressor that has seen one `end()` would ignore the
   * next.
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

/** PDF readers accept the header anywhere within this many bytes. */
const pdfHeaderWithin = 1024;

/** Whether a body is a PDF, whatever its type; undefined while too few bytes are known. */
function startsAsPdf(chunks: readonly Buffer[], ended: boolean): boolean | undefined {
  const start = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  if (start.subarray(0, pdfHeaderWithin).includes('%PDF-')) return true;
  return ended || start.byteLength >= pdfHeaderWithin ? false : undefined;
}
