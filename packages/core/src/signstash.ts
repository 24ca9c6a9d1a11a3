import { resolveEnvironment } from './api/environments.ts';
import { rawBasicValue } from './auth/basic-credentials.ts';
import type { BatchInput, BatchOptions, SignBatch } from './batch/options.ts';
import { type BatchClient, signAll } from './batch/sign-all.ts';
import { debugLoggers, nodeTracing } from './diagnostics.ts';
import { optionsFromEnv } from './env.ts';
import { ConfigurationError } from './errors/errors.ts';
import { type DocumentContent, documentContent } from './files/document-content.ts';
import { nodePlatform } from './files/node-platform.ts';
import { createTransport } from './http/create-transport.ts';
import type { SignStashOptions } from './options.ts';
import { ResultKeeper } from './results/result-keeper.ts';
import { type SignOneOptions, type SignOptions, SignStashClient, signOne } from './signing/client.ts';
import type { DocumentInput, PreparedDocument } from './signing/document-input.ts';
import type { Operations } from './signing/operations.ts';
import type { SignedDocument, SignResult } from './signing/results.ts';
import type { SignRun } from './signing/sign-exactly-once.ts';
import { Telemetry } from './signing/telemetry.ts';
import type { OnWarning } from './utils/warning.ts';

/**
 * A client for applications: HTTP by ky, tokens cached and renewed, contents from memory, files and streams.
 *
 * @example
 * ```ts
 * const signstash = createSignStash({ environment: 'staging', clientId, clientSecret });
 * const signed = await signstash.sign('invoice.pdf', { reason: 'Invoice' });
 * await writeFile('invoice-signed.pdf', signed.content);
 * ```
 */
export class SignStash {
  /** Everything except signing: query, download, resend. */
  readonly operations: Operations;
  readonly #client: SignStashClient;
  readonly #viaProxy: boolean;
  readonly #referenceScope: string;
  readonly #onWarning: OnWarning;
  readonly #results: ResultKeeper | undefined;

  /** @throws {@link ConfigurationError} naming the setting that is missing or wrong. */
  constructor(options: SignStashOptions) {
    const { environment, clientId, clientSecret, allowInsecureHttp = false, timeouts, ...rest } = options;
    for (const [setting, value] of Object.entries({ clientId, clientSecret })) {
      if (typeof value !== 'string' || value === '') {
        throw new ConfigurationError('CONFIGURATION_MISSING', setting, `${setting} is missing.`);
      }
    }
    const endpoints = resolveEnvironment(environment, { allowInsecureHttp });
    const { credentialsEncoding, tokenStore, fetch, userAgent, scope, transport, resultStore, ...settings } = rest;
    const secrets = [clientSecret, rawBasicValue(clientId, clientSecret)];
    const { hooks, logger } = settings;
    const telemetry = new Telemetry({
      hooks,
      loggers: [...(logger ? [logger] : []), ...debugLoggers()],
      tracing: nodeTracing(secrets),
      secrets,
    });
    const http = {
      credentialsEncoding,
      tokenStore,
      fetch,
      userAgent,
      scope,
      telemetry,
      tokenTimeoutMs: timeouts?.tokenMs,
    };
    this.#client = new SignStashClient(
      {
        transport: transport ?? createTransport({ endpoints, clientId, clientSecret, ...http }).transport,
        platform: nodePlatform,
        endpoints,
        clientId,
        telemetry,
      },
      { ...settings, ...(timeouts ? { timeouts } : {}) },
    );
    this.operations = this.#client.operations;
    this.#viaProxy = endpoints.viaProxy;
    this.#referenceScope = endpoints.tokenUrl;
    this.#onWarning = telemetry.warning;
    this.#results = resultStore && new ResultKeeper(resultStore, telemetry.warning, settings.contentCheck);
  }

  /**
   * Signs one document: bytes, a Blob, a path, a `file:` URL or a stream.
   *
   * @throws See {@link SignStashClient.sign}; also `ValidationError` `DOCUMENT_UNREADABLE` for a path that cannot be read.
   */
  sign(content: DocumentContent, options: SignOneOptions = {}): Promise<SignedDocument> {
    return signOne(this, content, options);
  }

  /** Signs up to 99 documents in one request; see {@link SignStashClient.signMany}. */
  async signMany(
    documents: readonly DocumentInput<DocumentContent>[],
    options: SignOptions = {},
  ): Promise<SignResult[]> {
    const opened = await Promise.all(documents.map(({ content }) => documentContent(content)));
    try {
      const inputs = documents.map((document, index) => {
        const { source, name } = opened[index] as (typeof opened)[number];
        return { ...(name === undefined ? {} : { name }), ...document, content: source };
      });
      return await (this.#results
        ? this.#results.signMany(this.#client, inputs, options)
        : this.#client.signMany(inputs, options));
    } finally {
      await Promise.all(opened.map(({ release }) => release?.()));
    }
  }

  /**
   * Signs any number of documents: many in each request, several requests at once, in constant memory.
   *
   * @param documents - Paths, glob patterns, or any (async) iterable of documents.
   * @returns Results in completion order, and a summary at the end.
   */
  signAll(documents: BatchInput, options: BatchOptions = {}): SignBatch {
    const results = this.#results;
    const batchClient: BatchClient = {
      prepare: this.prepare.bind(this),
      signPreparedWith: (prepared, given, run) =>
        results
          ? results.signPreparedWith(prepared, run, given, (missing, kept) =>
              this.signPreparedWith(missing, given, kept),
            )
          : this.signPreparedWith(prepared, given, run),
      ...(results ? { isStored: (reference) => results.has(reference) } : {}),
      viaProxy: this.#viaProxy,
      referenceScope: this.#referenceScope,
      onWarning: this.#onWarning,
    };
    return signAll(batchClient, documents, options);
  }

  /** Checks one document without sending it; see {@link SignStashClient.prepare}. */
  prepare(input: DocumentInput, position: number, options: SignOptions = {}): Promise<PreparedDocument> {
    return this.#client.prepare(input, position, options);
  }

  /** Signs up to 99 prepared documents in one request; see {@link SignStashClient.signPrepared}. */
  signPrepared(documents: readonly PreparedDocument[], options: SignOptions = {}): Promise<SignResult[]> {
    return this.#client.signPrepared(documents, options);
  }

  /** Signs prepared documents with a content store; see {@link SignStashClient.signPreparedWith}. */
  signPreparedWith<T>(documents: readonly PreparedDocument[], options: SignOptions, run: SignRun<T>): Promise<void> {
    return this.#client.signPreparedWith(documents, options, run);
  }
}

/** Makes a client. @throws {@link ConfigurationError} naming the setting that is missing or wrong. */
export function createSignStash(options: SignStashOptions): SignStash {
  return new SignStash(options);
}

/**
 * Makes a client from the SIGNSTASH_* environment variables, which the README lists.
 *
 * @param overrides - Settings that go before the variables.
 * @throws {@link ConfigurationError} naming the variable that is missing, unknown or contradicted by another.
 */
export function fromEnv(overrides: Partial<SignStashOptions> = {}): SignStash {
  return new SignStash({ ...optionsFromEnv(process.env), ...overrides });
}
