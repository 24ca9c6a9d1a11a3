import type { Sandbox } from '@signstash-connect/sandbox';
import {
  type IAdditionalCredentialOptions,
  type IBinaryData,
  type IExecuteFunctions,
  type IHttpRequestOptions,
  type INode,
  type INodeExecutionData,
  type JsonObject,
  NodeApiError,
  NodeOperationError,
} from 'n8n-workflow';
import { SignStash } from '../../nodes/SignStash/SignStash.node.ts';

/** A file of an input item; its bytes are counted as they are read. */
export interface TestFile {
  fileName?: string;
  mimeType?: string;
  bytes: Uint8Array;
}

export interface TestItem {
  json?: Record<string, string>;
  binary?: Record<string, TestFile>;
}

export interface FakeOptions {
  parameters?: Record<string, unknown> | ((item: number) => Record<string, unknown>);
  credentials?: Record<string, unknown>;
  onError?: INode['onError'];
  signal?: AbortSignal;
}

/** The parts of n8n's execution context that the node uses, over `fetch`, with n8n's way of getting and renewing tokens. */
export class FakeN8n {
  /** Files whose bytes were read, by name. */
  readonly read: string[] = [];
  /** Requests of the node, in order. */
  readonly requests: IHttpRequestOptions[] = [];
  readonly sandbox: Sandbox;
  #token: string | undefined;

  constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
  }

  /** Runs the node on items; gives its output, or throws what it threw. */
  async run(items: readonly TestItem[], options: FakeOptions = {}): Promise<INodeExecutionData[]> {
    const [outputs] = await new SignStash().execute.call(this.#context(items, options));
    return outputs ?? [];
  }

  #context(items: readonly TestItem[], options: FakeOptions): IExecuteFunctions {
    const { onError } = options;
    const node = { name: "Sign'Stash", type: 'signStash', typeVersion: 1, ...(onError ? { onError } : {}) } as INode;
    const data = items.map(({ json = {}, binary = {} }) => ({
      json,
      binary: Object.fromEntries(Object.entries(binary).map(([field, file]) => [field, this.#binary(file)])),
    }));
    const file = (item: number, named: string | IBinaryData) => {
      const found = typeof named === 'string' ? data[item]?.binary[named] : named;
      if (!found) throw new NodeOperationError(node, `The item has no binary field '${named}' [item ${item}]`);
      return found;
    };
    return {
      getNode: () => node,
      getInputData: () => data,
      continueOnFail: () => onError !== undefined,
      getExecutionCancelSignal: () => options.signal,
      getCredentials: async () => this.credentials(options.credentials),
      getNodeParameter: (name: string, item: number, fallback?: unknown) => parameter(options, name, item, fallback),
      helpers: {
        assertBinaryData: file,
        getBinaryMetadata: async (id: string) => ({ fileSize: this.#stored(id).bytes.byteLength }),
        getBinaryDataBuffer: async (item: number, named: string | IBinaryData) => {
          const { id = '', fileName = '' } = file(item, named);
          this.read.push(fileName);
          return Buffer.from(this.#stored(id).bytes);
        },
        prepareBinaryData: async (bytes: Buffer, fileName: string, mimeType: string) =>
          this.#binary({ bytes, fileName, mimeType }),
        httpRequestWithAuthentication: (
          _type: string,
          request: IHttpRequestOptions,
          additional?: IAdditionalCredentialOptions,
        ) => this.#request(node, request, options, additional),
      },
    } as unknown as IExecuteFunctions;
  }

  readonly #files: TestFile[] = [];

  #binary(file: TestFile): IBinaryData {
    const id = String(this.#files.push(file) - 1);
    const { fileName, mimeType = 'application/pdf' } = file;
    return { id, data: 'filesystem-v2', mimeType, ...(fileName === undefined ? {} : { fileName }) };
  }

  #stored(id: string): TestFile {
    return this.#files[Number(id)] as TestFile;
  }

  bytes(item: INodeExecutionData | undefined, field = 'data'): Buffer {
    return Buffer.from(this.#stored(item?.binary?.[field]?.id ?? '').bytes);
  }

  /** The file as an expression would give it. */
  asExpression(file: TestFile): IBinaryData {
    return this.#binary(file);
  }

  credentials(changes: Record<string, unknown> = {}) {
    const { tokenUrl, apiUrl, clientId, clientSecret } = this.sandbox;
    return { environment: 'custom', tokenUrl, apiUrl, clientId, clientSecret, ...changes };
  }

  /** As n8n: a status of `except` is thrown, and if it is the one for expired tokens, the token is renewed and the request sent again. */
  async #request(
    node: INode,
    request: IHttpRequestOptions,
    options: FakeOptions,
    { oauth2: { tokenExpiredStatusCode = 401 } = {} }: IAdditionalCredentialOptions = {},
  ) {
    this.requests.push(request);
    const { except = [] } = request.ignoreHttpStatusErrors as { except?: number[] };
    try {
      this.#token ??= await this.#newToken(options);
      const first = await send(request, this.#token, options.signal);
      if (!except.includes(first.statusCode)) return first;
      if (first.statusCode !== tokenExpiredStatusCode) throw statusError(request, first);
      this.#token = await this.#newToken(options);
      const second = await send(request, this.#token, options.signal);
      if (except.includes(second.statusCode)) throw statusError(request, second);
      return second;
    } catch (error) {
      throw new NodeApiError(node, error as JsonObject);
    }
  }

  async #newToken(options: FakeOptions): Promise<string> {
    const { tokenUrl, clientId, clientSecret } = this.credentials(options.credentials);
    const response = await fetch(tokenUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const body = (await response.json()) as { access_token: string; error?: string };
    if (response.status >= 500) {
      throw requestError(`Request failed with status code ${response.status}`, tokenUrl, { status: response.status });
    }
    if (body.error) throw Object.assign(new Error('Client authentication failed'), { code: 'EAUTH', body });
    return body.access_token;
  }
}

function parameter({ parameters = {} }: FakeOptions, name: string, item: number, fallback: unknown): unknown {
  const given = typeof parameters === 'function' ? parameters(item) : parameters;
  const value = name in given ? given[name] : defaults[name];
  if (value !== undefined) return value;
  if (fallback !== undefined) return fallback;
  throw new Error(`The node asks for "${name}", which it does not have.`);
}

/** The editor's defaults for parameters that are not set. */
const defaults: Record<string, unknown> = Object.fromEntries(
  new SignStash().description.properties.map(({ name, default: value }) => [name, value]),
);
Object.assign(defaults, { resource: 'document', operation: 'sign' });

async function send(request: IHttpRequestOptions, token: string, signal: AbortSignal | undefined) {
  const timeout = AbortSignal.timeout(request.timeout ?? 300_000);
  try {
    const response = await fetch(request.url, {
      method: request.method ?? 'GET',
      headers: { ...(request.headers as Record<string, string>), authorization: `Bearer ${token}` },
      ...(request.body ? { body: request.body as Buffer<ArrayBuffer> } : {}),
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    return {
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    };
  } catch (error) {
    if (timeout.aborted)
      throw requestError(`timeout of ${request.timeout}ms exceeded`, request.url, undefined, 'ECONNABORTED');
    if (signal?.aborted) throw requestError('canceled', request.url, undefined, 'ERR_CANCELED');
    throw Object.assign(requestError('fetch failed', request.url), { cause: error });
  }
}

const statusError = (
  { url }: IHttpRequestOptions,
  { statusCode: status, headers, body }: Awaited<ReturnType<typeof send>>,
) => requestError(`Request failed with status code ${status}`, url, { status, headers, data: body });

/** An error with what axios, which is n8n's client, puts on its own. */
const requestError = (
  message: string,
  url: string,
  response?: { status: number; headers?: object; data?: Buffer },
  code?: string,
) =>
  Object.assign(new Error(message), {
    isAxiosError: true,
    config: { url },
    ...(response ? { response } : {}),
    ...(code ? { code } : {}),
  });
