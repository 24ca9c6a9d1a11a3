import { isNotFound } from '../api/assumptions.ts';
import { type EndpointCall, endpoints } from '../api/endpoints.ts';
import type { Endpoints } from '../api/environments.ts';
import { readZip, type ZipDocument } from '../api/response/documents-zip.ts';
import { type Operation, type OperationOf, operationId, parseOperation } from '../api/response/operation.ts';
import { parseJson } from '../api/response/parse-json.ts';
import { readErrorText, readText } from '../api/response/read-text.ts';
import { serviceError } from '../api/response/service-error.ts';
import { type ContentStore, splitSignedContent } from '../api/response/signed-content-reader.ts';
import { ConfigurationError, isSignStashError, ProtocolError, ServiceRejectedError } from '../errors/errors.ts';
import { AdaptiveLimiter } from '../utils/adaptive-limiter.ts';
import { boundedStore } from './content-stores.ts';
import type { Platform } from './platform.ts';
import { throwIfAborted } from './retry-read.ts';
import type { Telemetry } from './telemetry.ts';
import type { RequestBody, Transport, TransportResponse } from './transport.ts';

/** Milliseconds for one attempt, the answer's last byte included. */
export interface Timeouts {
  /** One sign request, whatever its number of documents. */
  signMs: number;
  /** One read (look-up, status, detail, documents) or one resend. */
  lookupTimeoutMs: number;
}

export const defaultTimeouts: Timeouts = { signMs: 300_000, lookupTimeoutMs: 60_000 };

/** Options of every call. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds for this call instead of the client's own. */
  timeoutMs?: number | undefined;
}

export interface ServiceCallsOptions {
  readonly transport: Transport;
  readonly endpoints: Endpoints;
  readonly platform: Platform;
  readonly timeouts: Timeouts;
  readonly telemetry: Telemetry;
}

/** One request: where it goes, what it sends, and the documents that it is about. */
interface Exchange {
  readonly base: string;
  readonly call: EndpointCall;
  readonly body?: RequestBody;
  readonly references?: readonly string[] | undefined;
}

/**
 * Each endpoint of the API as one typed call: one request, one answer, no retries. The number of parallel calls adapts to what the service
 * accepts, across all users of a client.
 */
export class ServiceCalls {
  readonly #transport: Transport;
  readonly #endpoints: Endpoints;
  readonly #platform: Platform;
  readonly #timeouts: Timeouts;
  readonly #telemetry: Telemetry;
  readonly #limiter = new AdaptiveLimiter();

  constructor({ transport, endpoints: addresses, platform, timeouts, telemetry }: ServiceCallsOptions) {
    this.#transport = transport;
    this.#endpoints = addresses;
    this.#platform = platform;
    this.#timeouts = timeouts;
    this.#telemetry = telemetry;
  }

  /** POST `sign/base64/` or `sign/`. */
  async sign<T>(
    endpoint: 'sign' | 'signMultipart',
    body: RequestBody,
    store: ContentStore<T>,
    { references, ...options }: CallOptions & { references?: readonly string[] } = {},
  ): Promise<OperationOf<T>> {
    const exchange = { base: this.#endpoints.signUrl, call: endpoints[endpoint](), body, references };
    return this.#exchange(exchange, options, (response) => this.#operation('sign', response, store));
  }

  /** GET the operation id of a document; undefined if the service does not know the reference. */
  async operationId(reference: string, options: CallOptions = {}): Promise<string | undefined> {
    const what = `look up ${reference}`;
    const exchange = { base: this.queryUrl, call: endpoints.operationId(reference), references: [reference] };
    return this.#exchange(exchange, options, async (response) => {
      const text = await readBody(response);
      if (isNotFound(response.status, text)) return undefined;
      this.#refuse(what, response, text, { references: [reference] });
      const id = operationId(parseJson(text, what));
      if (id !== undefined) return id;
      throw new ProtocolError('PROTOCOL_UNEXPECTED', `${what}: the answer is not an operation id.`);
    });
  }

  /** GET the status of an operation; its `documents` are empty. */
  async status(id: string, options: CallOptions = {}): Promise<Operation> {
    const what = `status of operation ${id}`;
    return this.#exchange({ base: this.queryUrl, call: endpoints.status(id) }, options, async (response) => {
      const text = await readBody(response);
      this.#refuse(what, response, text, { operationId: id });
      return parseOperation(parseJson(text, what), what);
    });
  }

  /** GET an operation with its documents and, where a store is given, their signed contents. */
  async detail<T>(id: string, store: ContentStore<T> | undefined, options: CallOptions = {}): Promise<OperationOf<T>> {
    const exchange = { base: this.queryUrl, call: endpoints.detail(id, store !== undefined) };
    return this.#exchange(exchange, options, (response) => {
      const unwanted = () => boundedStore(noContent, maxUnwantedBytes, 'an answer without contents may have');
      return this.#operation(`detail of operation ${id}`, response, store ?? unwanted(), id);
    });
  }

  /** GET the signed contents as a zip, as it came. */
  async documentsZip(id: string, options: CallOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    return this.#send({ base: this.queryUrl, call: endpoints.documents(id) }, options, (response) =>
      this.#zip(id, response),
    );
  }

  /** GET the signed contents, unpacked from the zip as it arrives. */
  async documents<T>(id: string, store: ContentStore<T>, options: CallOptions = {}): Promise<ZipDocument<T>[]> {
    return this.#exchange({ base: this.queryUrl, call: endpoints.documents(id) }, options, async (response) =>
      readZip(await this.#zip(id, response), store),
    );
  }

  /** POST: sends the delivery e-mails again. */
  async resendMail(id: string, attachDocuments: boolean, body: RequestBody, options: CallOptions = {}): Promise<void> {
    const exchange = { base: this.queryUrl, call: endpoints.resendMail(id, attachDocuments), body };
    await this.#exchange(exchange, options, async (response) => {
      const text = await readBody(response);
      this.#refuse(`resend mails of operation ${id}`, response, text, { operationId: id });
    });
  }

  /** Whether queries are possible. */
  get canQuery(): boolean {
    return this.#endpoints.queryUrl !== undefined;
  }

  /** Whether "not found" means that the service does not have a document, for one that may have been sent. */
  get notFoundIsConclusive(): boolean {
    const { viaProxy, saasSeesProxyDocuments } = this.#endpoints;
    return !viaProxy || saasSeesProxyDocuments === true;
  }

  /** Milliseconds that one sign request may take. */
  signTimeoutMs({ timeoutMs }: CallOptions): number {
    return timeoutMs ?? this.#timeouts.signMs;
  }

  /** Whether the service keeps no copy of what it signs. */
  get viaProxy(): boolean {
    return this.#endpoints.viaProxy;
  }

  /** @throws {@link ConfigurationError} if only a proxy is configured, which signs but does not support queries. */
  get queryUrl(): string {
    const { queryUrl } = this.#endpoints;
    if (queryUrl !== undefined) return queryUrl;
    const message =
      'The on-premise proxy does not support queries: configure the SaaS with authorizationServer: { tokenUrl, apiUrl }.';
    throw new ConfigurationError('CONFIGURATION_MISSING', 'authorizationServer.apiUrl', message);
  }

  /** Sends a request when the concurrency limit permits, and lowers the limit after a refusal for too many at once. */
  #exchange<R>(
    exchange: Exchange,
    options: CallOptions,
    read: (response: TransportResponse) => Promise<R>,
  ): Promise<R> {
    const { signal } = options;
    return this.#limiter.run(
      async (slot) => {
        try {
          return await this.#send(exchange, options, read);
        } catch (error) {
          if (isSignStashError(error) && error.code === 'RATE_LIMITED') {
            this.#limiter.refused(slot);
            const { retryAfterSeconds = 0 } = error as ServiceRejectedError;
            // The caller waits as long, then tries again.
            if (retryAfterSeconds > 0) void this.#limiter.pause(this.#platform.sleep(retryAfterSeconds * 1000, signal));
          }
          throw error;
        }
      },
      () => throwIfAborted(signal),
    );
  }

  /** Sends a request and reads its answer. */
  #send<R>(
    { base, call: { endpoint, method, path }, body, references }: Exchange,
    options: CallOptions,
    read: (response: TransportResponse) => Promise<R>,
  ): Promise<R> {
    const isSign = endpoint === 'sign' || endpoint === 'signMultipart';
    const url = `${base}/${path}`;
    const about = { ...(body ? { bytes: body.contentLength } : {}), ...(references ? { references } : {}) };
    return this.#telemetry.request({ endpoint, method, url, ...about }, async (context) => {
      const response = await this.#transport.send({
        endpoint,
        method,
        url,
        headers: { accept: endpoint === 'documents' ? 'application/zip, application/json' : 'application/json' },
        ...(body ? { body } : {}),
        timeoutMs: options.timeoutMs ?? (isSign ? this.#timeouts.signMs : this.#timeouts.lookupTimeoutMs),
        signal: options.signal,
      });
      context.status = response.status;
      return read(response);
    });
  }

  async #zip(id: string, response: TransportResponse): Promise<AsyncIterable<Uint8Array>> {
    if (response.status >= 300) {
      this.#refuse(`documents of operation ${id}`, response, await readBody(response), { operationId: id });
    }
    return response.body;
  }

  async #operation<T>(
    what: string,
    response: TransportResponse,
    store: ContentStore<T>,
    id?: string,
  ): Promise<OperationOf<T>> {
    if (response.status >= 300) {
      this.#refuse(what, response, await readBody(response), { operationId: id });
    }
    const { json, contents } = await splitSignedContent(response.body, this.#platform.fromBase64, store);
    return parseOperation(parseJson(withoutSecrets(response, json), what), what, contents);
  }

  #refuse(
    what: string,
    response: TransportResponse,
    text: string,
    details: { operationId?: string | undefined; references?: string[] },
  ): void {
    const { status, headers } = response;
    if (status < 300) return;
    if (status < 400) {
      const message = `${what}: the service answered ${status}, a redirect; the configured address is not the API's.`;
      throw new ProtocolError('PROTOCOL_UNEXPECTED', message, { ...details, status });
    }
    const error = serviceError(what, { status, headers, text }, details);
    if (details.operationId !== undefined && error instanceof ServiceRejectedError && isNotFound(status, text)) {
      throw new ServiceRejectedError('NOT_FOUND', error.message, error, { ...details, status });
    }
    throw error;
  }
}

/** The text of an answer without contents; of a failed call only its beginning. */
async function readBody(response: TransportResponse): Promise<string> {
  const { status, body } = response;
  return withoutSecrets(response, await (status < 300 ? readText(body) : readErrorText(body)));
}

const withoutSecrets = ({ removeSecrets }: TransportResponse, text: string) => removeSecrets?.(text) ?? text;

/** How much unrequested content is read and dropped before the answer is aborted. Bytes. */
const maxUnwantedBytes = 64 * 1024 * 1024;

/** For answers that should contain no content: any content is dropped. */
const noContent: ContentStore<never> = () => ({
  write() {},
  finish: () => undefined as never,
  discard() {},
});
