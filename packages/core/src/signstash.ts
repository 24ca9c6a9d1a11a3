import { resolveEnvironment } from './api/environments.ts';
import type { BatchInput, BatchOptions, SignBatch } from './batch/options.ts';
import { signAll } from './batch/sign-all.ts';
import { optionsFromEnv } from './env.ts';
import { ConfigurationError } from './errors/errors.ts';
import { type DocumentContent, documentContent } from './files/document-content.ts';
import { nodePlatform } from './files/node-platform.ts';
import { createTransport } from './http/create-transport.ts';
import type { SignStashOptions } from './options.ts';
import { ResultKeeper } from './results/result-keeper.ts';
import {
  type SignedDocument,
  type SignOneOptions,
  type SignOptions,
  type SignResult,
  SignStashClient,
} from './signing/client.ts';
import type { DocumentInput } from './signing/document-input.ts';

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
export class SignStash extends SignStashClient {
  readonly #viaProxy: boolean;
  readonly #referenceScope: string;
  readonly #onWarning: SignStashOptions['onWarning'];
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
    const { credentialsEncoding, tokenStore, fetch, userAgent, scope, onWarning, transport, resultStore, ...settings } =
      rest;
    const http = {
      credentialsEncoding,
      tokenStore,
      fetch,
      userAgent,
      scope,
      onWarning,
      tokenTimeoutMs: timeouts?.tokenMs,
    };
    super(
      {
        transport: transport ?? createTransport({ endpoints, clientId, clientSecret, ...http }).transport,
        platform: nodePlatform,
        endpoints,
        clientId,
      },
      { ...settings, ...(onWarning ? { onWarning } : {}), ...(timeouts ? { timeouts } : {}) },
    );
    this.#viaProxy = endpoints.viaProxy;
    this.#referenceScope = endpoints.tokenUrl;
    this.#onWarning = onWarning;
    this.#results = resultStore && new ResultKeeper(resultStore, onWarning);
  }

  /**
   * Signs one document: bytes, a Blob, a path, a `file:` URL or a stream.
   *
   * @throws See {@link SignStashClient.sign}; also `ValidationError` `DOCUMENT_UNREADABLE` for a path that cannot be read.
   */
  override async sign(content: DocumentContent, options: SignOneOptions = {}): Promise<SignedDocument> {
    const opened = await documentContent(content);
    try {
      return await super.sign(opened.source, {
        ...(opened.name === undefined ? {} : { name: opened.name }),
        ...options,
      });
    } finally {
      await opened.release?.();
    }
  }

  /** Signs up to 99 documents in one request; see {@link SignStashClient.signMany}. */
  override async signMany(
    documents: readonly DocumentInput<DocumentContent>[],
    options: SignOptions = {},
  ): Promise<SignResult[]> {
    const opened = await Promise.all(documents.map(({ content }) => documentContent(content)));
    try {
      const inputs = documents.map((document, index) => {
        const { source, name } = opened[index] as (typeof opened)[number];
        return { ...(name === undefined ? {} : { name }), ...document, content: source };
      });
      if (!this.#results) return await super.signMany(inputs, options);
      const client = { signMany: (missing: typeof inputs, call?: SignOptions) => super.signMany(missing, call) };
      return await this.#results.signMany(client, inputs, options);
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
    return signAll(
      {
        prepare: (input, position, call) => this.prepare(input, position, call),
        signPreparedWith: (group, call, run) => this.signPreparedWith(group, call, run),
        viaProxy: this.#viaProxy,
        referenceScope: this.#referenceScope,
        onWarning: this.#onWarning,
      },
      documents,
      options,
    );
  }
}

/** Makes a client. @throws {@link ConfigurationError} naming the setting that is missing or wrong. */
export function createSignStash(options: SignStashOptions): SignStash {
  return new SignStash(options);
}

/**
 * Makes a client from the SIGNSTASH_* environment variables; see {@link environmentVariables}.
 *
 * @param overrides - Settings that go before the variables.
 * @throws {@link ConfigurationError} naming the variable that is missing, unknown or contradicted by another.
 */
export function fromEnv(overrides: Partial<SignStashOptions> = {}): SignStash {
  return new SignStash({ ...optionsFromEnv(process.env), ...overrides });
}
