import type { KyInstance } from 'ky';
import { AbortedError, isSignStashError, NetworkError, ProtocolError, TimeoutError } from '../errors/errors.ts';
import type { Transport, TransportRequest, TransportResponse } from '../signing/transport.ts';
import { Deadline } from '../utils/deadline.ts';
import { describeFailure, hostAndPort, surelyUnsent, wasRedirected } from '../utils/network-errors.ts';
import { fetchWithoutTimeouts } from './fetch-without-timeouts.ts';
import { Upload } from './upload.ts';
import { userAgent } from './user-agent.ts';

/** Any function that works like `fetch`, given a URL and an init: the runtime's, undici's, one that goes through a proxy. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

export interface KyTransportOptions {
  /**
   * Sends the requests. Default: the runtime's own, without its built-in limit of 300 s for an answer.
   *
   * For a corporate proxy, either start Node 24 with `NODE_USE_ENV_PROXY=1` and the usual `HTTPS_PROXY`, or give a function:
   * `(url, init) => undici.fetch(url, { ...init, dispatcher: new ProxyAgent({ uri, headersTimeout: 0, bodyTimeout: 0 }) })`.
   */
  readonly fetch?: FetchFunction | undefined;
  /** Product of the adapter, put after this package's in the User-Agent header. */
  readonly userAgent?: string | undefined;
}

/**
 * `fetch` by ky, with everything switched off that could send a request twice: retries, redirects. Statuses are answers.
 */
export function kyFetch({ fetch = fetchWithoutTimeouts, userAgent: adapter }: KyTransportOptions = {}): FetchFunction {
  const agent = userAgent(adapter);
  let loading: Promise<KyInstance> | undefined;
  return async (url, init) => {
    loading ??= createKy();
    const client = await loading;
    return client(url, {
      ...init,
      fetch: async (request, extra) => {
        const sent = request as Request;
        return fetch(sent.url, {
          method: sent.method,
          // Set here, since the OAuth library sends its own User-Agent.
          headers: { ...Object.fromEntries(sent.headers), 'user-agent': agent },
          // A body of unknown length would be sent chunked, which gateways refuse.
          body: sent.headers.has('content-length') || !sent.body ? sent.body : await sent.arrayBuffer(),
          ...(sent.body ? { duplex: 'half' } : {}),
          redirect: sent.redirect,
          credentials: sent.credentials,
          // Not the request's: that one only follows the caller's, and no longer once the request was collected as garbage.
          signal: init.signal ?? null,
          ...extra,
        });
      },
    });
  };
}

/** Loaded with the first request: ky tests the runtime's `fetch` when it is loaded, which makes Node load all of it. */
async function createKy(): Promise<KyInstance> {
  const { default: ky } = await import('ky');
  return ky.create({
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    redirect: 'manual',
    // There are no cookies to keep; and Node 24.14 and 24.15 take a 401 to a streamed body for a network error otherwise.
    credentials: 'omit',
  });
}

/** Sends requests as they are: one attempt each, Content-Length always, one deadline for everything. */
export class KyTransport implements Transport {
  readonly #fetch: FetchFunction;
  /** Origins that have answered at least once. */
  readonly #answered = new Set<string>();

  constructor(options: KyTransportOptions = {}) {
    this.#fetch = kyFetch(options);
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    const { origin } = new URL(request.url);
    const attempt = new Attempt(request, !this.#answered.has(origin));
    try {
      const response = await this.#fetch(request.url, attempt.init());
      this.#answered.add(origin);
      return { status: response.status, headers: headersOf(response), body: attempt.read(response) };
    } catch (error) {
      throw attempt.failed(error);
    }
  }
}

/** One request from its first byte to its answer's last, and what to say when it breaks. */
class Attempt {
  readonly #request: TransportRequest;
  readonly #upload: Upload | undefined;
  readonly #deadline: Deadline;
  readonly #isFirstContact: boolean;

  constructor(request: TransportRequest, isFirstContact: boolean) {
    this.#request = request;
    this.#isFirstContact = isFirstContact;
    this.#upload = request.body && new Upload(request.body);
    this.#deadline = new Deadline(request.timeoutMs, request.signal);
  }

  init(): RequestInit {
    const { method, headers, body } = this.#request;
    if (!this.#upload || !body) return { method, headers, signal: this.#deadline.signal };
    return {
      method,
      headers: { ...headers, 'content-type': body.contentType, 'content-length': String(body.contentLength) },
      body: this.#upload.stream,
      duplex: 'half',
      // In any other mode fetch keeps a second copy of the whole body, for a redirect that it may have to follow.
      redirect: 'error',
      signal: this.#deadline.signal,
    } as RequestInit;
  }

  async *read(response: Response): AsyncIterable<Uint8Array> {
    const { signal } = this.#deadline;
    // Taken from the response only here: the body of a garbage-collected response is cancelled unless it is being read.
    const reader = response.body?.getReader();
    // Node 22 does not always end a read when the signal fires after the response's headers; cancelling the body does.
    const cancel = () => void reader?.cancel().catch(() => {});
    signal.addEventListener('abort', cancel, { once: true });
    try {
      signal.throwIfAborted();
      for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
        const { buffer, byteOffset, byteLength } = chunk.value;
        // As Buffers: the same bytes, but searched by the processor's own instructions.
        yield Buffer.from(buffer, byteOffset, byteLength);
      }
      signal.throwIfAborted();
    } catch (error) {
      throw this.failed(error);
    } finally {
      signal.removeEventListener('abort', cancel);
      cancel();
      this.#end();
    }
  }

  /** The error to throw: the caller's own, or one of this package that contains nothing of the request. */
  failed(error: unknown): unknown {
    this.#end();
    if (this.#upload?.failure) return this.#upload.failure.error;
    if (isSignStashError(error)) return error;
    const { endpoint, url, timeoutMs, signal } = this.#request;
    const where = `${endpoint} at ${hostAndPort(url)}`;
    if (this.#deadline.expired) return new TimeoutError(`${where}: no complete answer within ${timeoutMs} ms.`);
    if (signal?.aborted) return new AbortedError(`${where}: the caller stopped the call.`, { cause: signal.reason });
    if (wasRedirected(error)) {
      const message = `${where}: the service answered with a redirect; the configured address is not the API's.`;
      return new ProtocolError('PROTOCOL_UNEXPECTED', message);
    }
    const unsent = surelyUnsent(error);
    const code = unsent ? 'NETWORK_UNREACHABLE' : 'NETWORK_INTERRUPTED';
    const neverAnswered = unsent && this.#isFirstContact;
    return new NetworkError(code, `${where}: ${describeFailure(error)}.`, { cause: error, neverAnswered });
  }

  #end(): void {
    this.#upload?.end();
    this.#deadline.end();
  }
}

function headersOf(response: Response): Record<string, string> {
  const headers = Object.fromEntries(response.headers);
  // The body has been unpacked: its length and coding on the wire are no longer true.
  if (headers['content-encoding'] !== undefined) {
    delete headers['content-encoding'];
    delete headers['content-length'];
  }
  return headers;
}
