import { isNotFound } from '../api/assumptions.ts';
import { type EndpointCall, endpoints } from '../api/endpoints.ts';
import type { Endpoints } from '../api/environments.ts';
import { readZip, type ZipDocument } from '../api/response/documents-zip.ts';
import { type Operation, type OperationOf, operationId, parseOperation } from '../api/response/operation.ts';
import { parseJson } from '../api/response/parse-json.ts';
import { readErrorText, readText } from '../api/response/read-text.ts';
import { serviceError } from '../api/response/service-error.ts';
import { type ContentStore, splitSignedContent } from '../api/response/signed-content-reader.ts';
import { ConfigurationError, ProtocolError, ServiceRejectedError } from '../errors/errors.ts';
import type { Platform } from './platform.ts';
import type { RequestBody, Transport, TransportResponse } from './transport.ts';

/** Milliseconds for one attempt, the answer's last byte included. */
export interface Timeouts {
  /** One sign request, whatever its number of documents. */
  signMs: number;
  /** One question: look-up, status, detail, documents, resend. */
  lookupTimeoutMs: number;
}

export const defaultTimeouts: Timeouts = { signMs: 300_000, lookupTimeoutMs: 60_000 };

/** What every call takes. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds for this call instead of the client's own. */
  timeoutMs?: number | undefined;
}

/** Each endpoint of the API as one typed call: one request, one answer, no retries. */
export class ServiceCalls {
  readonly #transport: Transport;
  readonly #endpoints: Endpoints;
  readonly #platform: Platform;
  readonly #timeouts: Timeouts;

  constructor(transport: Transport, addresses: Endpoints, platform: Platform, timeouts: Timeouts) {
    this.#transport = transport;
    this.#endpoints = addresses;
    this.#platform = platform;
    this.#timeouts = timeouts;
  }

  /** POST `sign/base64/` or `sign/`. */
  async sign<T>(
    endpoint: 'sign' | 'signMultipart',
    body: RequestBody,
    store: ContentStore<T>,
    options: CallOptions = {},
  ): Promise<OperationOf<T>> {
    const response = await this.#send(this.#endpoints.signUrl, endpoints[endpoint](), options, body);
    return this.#operation('sign', response, store);
  }

  /** GET the operation id of a document; undefined where the service does not know the reference. */
  async operationId(reference: string, options: CallOptions = {}): Promise<string | undefined> {
    const what = `look up ${reference}`;
    const response = await this.#send(this.queryUrl, endpoints.operationId(reference), options);
    const text = await readBody(response);
    if (isNotFound(response.status, text)) return undefined;
    this.#refuse(what, response, text, { references: [reference] });
    const id = operationId(parseJson(text, what));
    if (id === undefined) throw new ProtocolError('PROTOCOL_UNEXPECTED', `${what}: the answer is no operation id.`);
    return id;
  }

  /** GET the status of an operation; its `documents` are empty. */
  async status(id: string, options: CallOptions = {}): Promise<Operation> {
    const what = `status of operation ${id}`;
    const response = await this.#send(this.queryUrl, endpoints.status(id), options);
    const text = await readBody(response);
    this.#refuse(what, response, text, { operationId: id });
    return parseOperation(parseJson(text, what), what);
  }

  /** GET an operation with its documents and, where a store is given, their sealed contents. */
  async detail<T>(id: string, store: ContentStore<T> | undefined, options: CallOptions = {}): Promise<OperationOf<T>> {
    const response = await this.#send(this.queryUrl, endpoints.detail(id, store !== undefined), options);
    return this.#operation(`detail of operation ${id}`, response, store ?? noContent, id);
  }

  /** GET the sealed contents as a zip, as it came. */
  async documentsZip(id: string, options: CallOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.#send(this.queryUrl, endpoints.documents(id), options);
    if (response.status >= 300) {
      this.#refuse(`documents of operation ${id}`, response, await readBody(response), { operationId: id });
    }
    return response.body;
  }

  /** GET the sealed contents, unpacked from the zip as it arrives. */
  async documents<T>(id: string, store: ContentStore<T>, options: CallOptions = {}): Promise<ZipDocument<T>[]> {
    return readZip(await this.documentsZip(id, options), store);
  }

  /** POST: sends the delivery mails again. */
  async resendMail(id: string, attachDocuments: boolean, body: RequestBody, options: CallOptions = {}): Promise<void> {
    const response = await this.#send(this.queryUrl, endpoints.resendMail(id, attachDocuments), options, body);
    const text = await readBody(response);
    this.#refuse(`resend mails of operation ${id}`, response, text, { operationId: id });
  }

  /** Whether operations can be asked for at all. */
  get canQuery(): boolean {
    return this.#endpoints.queryUrl !== undefined;
  }

  /** Whether the service keeps no copy of what it seals. */
  get viaProxy(): boolean {
    return this.#endpoints.viaProxy;
  }

  /** @throws {@link ConfigurationError} where only a proxy is configured, which signs but answers no questions. */
  get queryUrl(): string {
    const { queryUrl } = this.#endpoints;
    if (queryUrl !== undefined) return queryUrl;
    const message =
      'The on-premise proxy answers no maxLookupAttempts: configure the SaaS with authorizationServer: { tokenUrl, apiUrl }.';
    throw new ConfigurationError('CONFIGURATION_MISSING', 'authorizationServer.apiUrl', message);
  }

  async #send(base: string, call: EndpointCall, options: CallOptions, body?: RequestBody): Promise<TransportResponse> {
    const { endpoint, method, path } = call;
    const own =
      endpoint === 'sign' || endpoint === 'signMultipart' ? this.#timeouts.signMs : this.#timeouts.lookupTimeoutMs;
    return this.#transport.send({
      endpoint,
      method,
      url: `${base}/${path}`,
      headers: { accept: endpoint === 'documents' ? 'application/zip, application/json' : 'application/json' },
      ...(body ? { body } : {}),
      timeoutMs: options.timeoutMs ?? own,
      signal: options.signal,
    });
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
    if (status === 404 && error.code === 'SERVICE_REJECTED' && details.operationId !== undefined) {
      throw new ServiceRejectedError('NOT_FOUND', error.message, error as ServiceRejectedError, { ...details, status });
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

/** For answers that should hold no content: what comes all the same is dropped. */
const noContent: ContentStore<never> = () => ({
  write() {},
  finish: () => undefined as never,
  discard() {},
});
