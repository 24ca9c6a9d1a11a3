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
import { type DocumentLocking, documentLocking, signLocked } from './locks/locked-documents.ts';
import type { SignStashOptions } from './options.ts';
import { ResultKeeper } from './results/result-keeper.ts';
import { type SignOneOptions, type SignOptions, SignStashClient, signOne } from './signing/client.ts';
import type { DocumentInput, PreparedDocument } from './signing/document-input.ts';
import type { Operations } from './signing/operations.ts';
import { asError } from './signing/outcome.ts';
import { prepareAll, refuseDuplicates } from './signing/prepare.ts';
import type { SignedDocument, SignResult } from './signing/results.ts';
import type { SignRun } from './signing/sign-exactly-once.ts';
import { Telemetry } from './signing/telemetry.ts';

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
  readonly #locking: DocumentLocking;
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
    const { credentialsEncoding, tokenStore, fetch, userAgent, scope, transport, resultStore, ...others } = rest;
    const { referenceLock, referenceLockWaitMs, ...settings } = others;
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
    this.#locking = documentLocking(
      { referenceLock, referenceLockWaitMs },
      { system: endpoints.tokenUrl, onWarning: telemetry.warning },
    );
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

  /**
   * Signs up to 99 documents in one request; see {@link SignStashClient.signMany}. Documents that someone else is signing under the
   * lock of {@link SignStashOptions.referenceLock} are awaited, and then retrieved.
   *
   * @param settle - Called with each result while its reference is still locked; what it resolves to becomes the result. Must not
   *   reject.
   */
  async signMany(
    documents: readonly DocumentInput<DocumentContent>[],
    options: SignOptions = {},
    settle: (result: SignResult) => Promise<SignResult> = async (result) => result,
  ): Promise<SignResult[]> {
    const opened = await Promise.all(documents.map(({ content }) => documentContent(content)));
    try {
      const inputs = documents.map((document, index) => {
        const { source, name } = opened[index] as (typeof opened)[number];
        return { ...(name === undefined ? {} : { name }), ...document, content: source };
      });
      const results = this.#results;
      if (!results) return await this.#prepareAndSign(inputs, options, settle);
      const signed = await results.signMany({ signMany: this.#prepareAndSign.bind(this) }, inputs, options);
      return await Promise.all(signed.map(settle));
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
      locking: this.#locking,
    };
    return signAll(batchClient, documents, options);
  }

  /** Checks one document without sending it; see {@link SignStashClient.prepare}. */
  prepare(input: DocumentInput, position: number, options: SignOptions = {}): Promise<PreparedDocument> {
    return this.#client.prepare(input, position, options);
  }

  /** Signs up to 99 prepared documents, as {@link SignStash.signMany} does; see {@link SignStashClient.signPrepared}. */
  signPrepared(documents: readonly PreparedDocument[], options: SignOptions = {}): Promise<SignResult[]> {
    return this.#signPrepared(documents, options, async (result) => result);
  }

  /**
   * Signs prepared documents with a content store, without the reference lock: that is up to the caller. See
   * {@link SignStashClient.signPreparedWith}.
   */
  signPreparedWith<T>(documents: readonly PreparedDocument[], options: SignOptions, run: SignRun<T>): Promise<void> {
    return this.#client.signPreparedWith(documents, options, run);
  }

  async #prepareAndSign(
    inputs: readonly DocumentInput[],
    options: SignOptions = {},
    settle: (result: SignResult) => Promise<SignResult>,
  ): Promise<SignResult[]> {
    const prepared = await prepareAll(inputs, (input, position) => this.prepare(input, position, options));
    return this.#signPrepared(prepared, options, settle);
  }

  async #signPrepared(
    documents: readonly PreparedDocument[],
    options: SignOptions,
    settle: (result: SignResult) => Promise<SignResult>,
  ): Promise<SignResult[]> {
    refuseDuplicates(documents);
    const results = new Map<PreparedDocument, SignResult>();
    const items = documents.map((document) => ({ document }));
    await signLocked(items, options, this.#locking, {
      signal: options.signal,
      sign: async (held, call) => {
        const group = held.map(({ document }) => document);
        const signed = await this.#client.signPrepared(group, call.options, call.run);
        const settled = await Promise.all(signed.map(settle));
        for (const [index, document] of group.entries()) results.set(document, settled[index] as SignResult);
      },
      notSent: async ({ document }, problem) => {
        const { reference, name } = document;
        const error = asError(problem, name, options.signal);
        results.set(document, await settle({ ok: false, reference, name, error }));
      },
    });
    return documents.map((document) => results.get(document) as SignResult);
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
