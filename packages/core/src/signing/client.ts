import type { Endpoints } from '../api/environments.ts';
import { bytesSource } from '../api/request/document-source.ts';
import { preservationInfo } from '../api/request/signature-info.ts';
import type { Preservation, SignatureOptions } from '../api/sign-options.ts';
import { AbortedError, ConfigurationError, ValidationError } from '../errors/errors.ts';
import {
  type ContentCheckSetting,
  type ContentLimits,
  checkContentSettings,
  defaultContentLimits,
} from './content-check.ts';
import { memoryStore } from './content-stores.ts';
import type { DocumentBytes, DocumentInput, PreparedDocument } from './document-input.ts';
import type { Hooks, Logger } from './hooks.ts';
import { Operations } from './operations.ts';
import type { Platform } from './platform.ts';
import { type PrepareContext, prepareAll, prepareDocument, refuseDuplicates } from './prepare.ts';
import { type SignedDocument, type SignResult, signResult } from './results.ts';
import { defaultRetryPolicy, type RetryPolicy } from './retry-policy.ts';
import { type CallOptions, defaultTimeouts, ServiceCalls, type Timeouts } from './service-calls.ts';
import { type SignRun, signExactlyOnce } from './sign-exactly-once.ts';
import { type BodyFormat, signRequest } from './sign-request.ts';
import { Telemetry } from './telemetry.ts';
import type { Transport } from './transport.ts';

/** Settings that every way of making a client has in common. */
export interface ClientSettings {
  /** Signature options for every document of this client; options of a call and of a document take precedence. */
  signatureOptions?: SignatureOptions;
  /** Shown to signers (API reference, section 5). Default: `Signed with Sign'Stash Connect`. */
  description?: string;
  /** Archiving and delivery for every call of this client. */
  preservation?: Preservation;
  /** Bytes; a larger document is refused before it is read. Default 100 MiB; the vendor sizes for 20 MB. */
  maxDocumentBytes?: number;
  /**
   * Look up every reference before sending, so that a document signed by an earlier run is found, not signed again. One short
   * request per document. Default true; set it to false for references that are always new.
   */
  lookUpFirst?: boolean;
  /** Default `json`, which the API reference is sure of; `multipart` sends a quarter less, its matching of files is inferred. */
  format?: BodyFormat;
  /** Where signed contents come from: the sign answer, or the zip of the documents endpoint (not through the proxy). */
  contentFrom?: 'answer' | 'zip';
  /** How returned contents are checked before they are reported as signed; see {@link ContentCheckSetting}. Default `on`. */
  contentCheck?: ContentCheckSetting;
  /** How much larger than the documents the signed contents may be. */
  contentLimits?: ContentLimits;
  /** Functions to call on the way, for metrics and monitoring. Get no secrets. */
  hooks?: Hooks;
  /** Receives what happens, without secrets: requests at `debug`, retries and signed documents at `info`. Default: none. */
  logger?: Logger;
  retry?: Partial<RetryPolicy>;
  timeouts?: Partial<Timeouts>;
}

/** The parts of a client that must not bundle an HTTP library; applications call `createSignStash` instead. */
export interface ClientParts {
  transport: Transport;
  platform: Platform;
  endpoints: Endpoints;
  /** Default: made of the settings `hooks` and `logger`. */
  telemetry?: Telemetry;
  /** Prefix of derived external references; the API reference asks for the client service's alias. */
  clientId: string;
}

/** Options of one signing call. */
export interface SignOptions extends SignatureOptions, CallOptions {
  description?: string;
  preservation?: Preservation;
  /** See {@link ClientSettings.lookUpFirst}. */
  lookUpFirst?: boolean;
  /** Instead of the client's; see {@link ContentCheckSetting}. */
  contentCheck?: ContentCheckSetting;
  /**
   * Which content is accepted if a document of an earlier run is found under its reference. `same` (default): the signed version of
   * the given bytes. `any`: any file with an intact signature over all of it, for references that identify a document in all its
   * renderings, such as an invoice's ATCUD.
   */
  recoveredContent?: 'same' | 'any';
}

/** Options of `sign`: those of the call and those of its one document. */
export type SignOneOptions = SignOptions & Omit<DocumentInput, 'content' | keyof SignatureOptions>;

/**
 * Signs documents and queries operations, over any transport. Safe to share: one client serves any number of calls at once.
 */
export class SignStashClient {
  /** Everything except signing: query, download, resend. */
  readonly operations: Operations;
  readonly #parts: ClientParts;
  readonly #settings: ClientSettings;
  readonly #calls: ServiceCalls;
  readonly #telemetry: Telemetry;
  readonly #policy: RetryPolicy;

  /** @throws {@link ConfigurationError} if the settings contradict each other. */
  constructor(parts: ClientParts, settings: ClientSettings = {}) {
    this.#parts = parts;
    this.#settings = settings;
    this.#policy = { ...defaultRetryPolicy, ...settings.retry };
    const { transport, endpoints, platform } = parts;
    const { hooks, logger } = settings;
    this.#telemetry = parts.telemetry ?? new Telemetry({ hooks, loggers: logger ? [logger] : [] });
    const timeouts = { ...defaultTimeouts, ...settings.timeouts };
    this.#calls = new ServiceCalls({ transport, endpoints, platform, timeouts, telemetry: this.#telemetry });
    const { setting, limits } = this.#contentCheck();
    checkContentSettings(setting, limits);
    const retryOptions = { platform, policy: this.#policy, onRetry: this.#telemetry.retry };
    this.operations = new Operations(this.#calls, retryOptions, limits.maxFetchedBytes);
    if (settings.contentFrom === 'zip' && parts.endpoints.viaProxy) {
      const message = 'contentFrom "zip" needs stored content, and the on-premise proxy stores none: use "answer".';
      throw new ConfigurationError('CONFIGURATION_INVALID', 'contentFrom', message);
    }
  }

  /**
   * Signs one document.
   *
   * @returns The signed document.
   * @throws {@link ValidationError} before anything is sent; any other {@link SignStashError}, among them
   *   `DocumentFailedError` with the service's `signError`, and `OutcomeUnknownError` if the outcome of a lost answer could not be determined.
   */
  sign(content: DocumentBytes, options: SignOneOptions = {}): Promise<SignedDocument> {
    return signOne(this, content, options);
  }

  /**
   * Signs up to 99 documents in one request, which is much faster than one request each (API reference, section 1).
   *
   * @returns A result for every document, in the order given; one document that fails does not fail the others.
   * @throws {@link ValidationError} before anything is sent, if any document cannot be signed.
   */
  async signMany(documents: readonly DocumentInput[], options: SignOptions = {}): Promise<SignResult[]> {
    const prepared = await prepareAll(documents, (document, position) => this.prepare(document, position, options));
    return this.signPrepared(prepared, options);
  }

  /**
   * Checks one document and derives its reference, without sending it. For callers that report each invalid document separately,
   * where {@link signMany} would refuse all of them.
   *
   * @param position - Counts from 1; names a document that has no name.
   * @throws {@link ValidationError} naming the document.
   */
  async prepare(input: DocumentInput, position: number, options: SignOptions = {}): Promise<PreparedDocument> {
    if (options.signal?.aborted)
      throw new AbortedError('The caller stopped the call.', { cause: options.signal.reason });
    if (options.contentCheck !== undefined) checkContentSettings(options.contentCheck, {});
    return prepareDocument(input, position, this.#prepareContext(options));
  }

  /**
   * Signs up to 99 prepared documents in one request.
   *
   * @param run - What to call before sending, and whether someone else may have sent the documents.
   * @returns A result for every document, in the order given.
   * @throws {@link ValidationError} `DUPLICATE_REFERENCE` before anything is sent.
   */
  async signPrepared(
    documents: readonly PreparedDocument[],
    options: SignOptions = {},
    run: Pick<SignRun<Uint8Array>, 'beforeSend' | 'mayHaveBeenSent'> = {},
  ): Promise<SignResult[]> {
    refuseDuplicates(documents);
    const results = new Map<string, SignResult>();
    await this.signPreparedWith(documents, options, {
      store: memoryStore,
      openContent: bytesSource,
      ...run,
      onOutcome: (outcome) => results.set(outcome.document.reference, signResult(outcome)),
    });
    return documents.map((document) => results.get(document.reference) as SignResult);
  }

  /**
   * Signs up to 99 prepared documents in one request and reports each document as soon as its outcome is certain. For callers that
   * store signed contents elsewhere than in memory or record what is sent.
   *
   * @param run - The store of the contents and what to call on the way.
   * @returns Once every document has been reported through `run.onOutcome`. Never rejects for a document that fails.
   */
  async signPreparedWith<T>(
    documents: readonly PreparedDocument[],
    options: SignOptions,
    run: SignRun<T>,
  ): Promise<void> {
    const { format = 'json', contentFrom = 'answer', description, preservation, lookUpFirst = true } = this.#settings;
    const archive = options.preservation ?? preservation;
    const request = {
      format,
      clientId: this.#parts.clientId,
      description: options.description ?? description ?? "Signed with Sign'Stash Connect",
      preservation: archive && preservationInfo(archive),
      returnContent: run.store !== undefined && contentFrom === 'answer',
    };
    const signing = this.#telemetry.signing<T>(documents);
    await signExactlyOnce<T>(documents, {
      calls: this.#calls,
      platform: this.#parts.platform,
      policy: this.#policy,
      body: (group) => signRequest(group, request, this.#parts.platform),
      endpoint: format === 'multipart' ? 'signMultipart' : 'sign',
      contentFrom,
      lookUpFirst: options.lookUpFirst ?? lookUpFirst,
      signal: options.signal,
      timeoutMs: options.timeoutMs,
      contentCheck: { ...this.#contentCheck(options), recoveredContent: options.recoveredContent ?? 'same' },
      ...run,
      onRetry: this.#telemetry.retry,
      onOutcome: (outcome) => {
        signing.report(outcome);
        run.onOutcome(outcome);
      },
    });
    await signing.ended();
  }

  #contentCheck({ contentCheck: own }: SignOptions = {}) {
    const { contentCheck = 'on', contentLimits } = this.#settings;
    const limits = { ...defaultContentLimits, ...contentLimits };
    return { setting: own ?? contentCheck, limits, onWarning: this.#telemetry.warning };
  }

  #prepareContext(options: SignOptions): PrepareContext {
    const { type, reason, location, timestamp, visible, xml } = options;
    const own = Object.entries({ type, reason, location, timestamp, visible, xml }).filter(
      ([, value]) => value !== undefined,
    );
    return {
      platform: this.#parts.platform,
      clientId: this.#parts.clientId,
      maxDocumentBytes: this.#settings.maxDocumentBytes ?? 100 * 1024 * 1024,
      checkContent: this.#contentCheck(options).setting !== 'off',
      signatureOptions: { ...this.#settings.signatureOptions, ...Object.fromEntries(own) },
    };
  }
}

/** `sign` in terms of `signMany`. */
export async function signOne<Content>(
  client: { signMany(documents: readonly DocumentInput<Content>[], options: SignOptions): Promise<SignResult[]> },
  content: Content,
  options: SignOneOptions,
): Promise<SignedDocument> {
  const { name, contentType, reference, key, ...call } = options;
  const given = Object.entries({ name, contentType, reference, key }).filter(([, value]) => value !== undefined);
  const [result] = await client.signMany([{ content, ...Object.fromEntries(given) }], call);
  if (!result?.ok) throw result?.error ?? new ValidationError('NO_DOCUMENTS', 'There is nothing to sign.');
  return result;
}
