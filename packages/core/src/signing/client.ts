import { maxDocumentsPerRequest } from '../api/assumptions.ts';
import type { Endpoints } from '../api/environments.ts';
import { bytesSource } from '../api/request/document-source.ts';
import { preservationInfo } from '../api/request/signature-info.ts';
import type { Operation, OperationDocument, OperationOf } from '../api/response/operation.ts';
import type { ContentStore } from '../api/response/signed-content-reader.ts';
import type { Preservation, SignatureOptions } from '../api/sign-options.ts';
import { AbortedError, ConfigurationError, type SignStashError, ValidationError } from '../errors/errors.ts';
import type { OnWarning } from '../utils/warning.ts';
import {
  type ContentCheckSetting,
  type ContentLimits,
  checkContentSettings,
  defaultContentLimits,
} from './content-check.ts';
import { memoryStore } from './content-stores.ts';
import type { DocumentBytes, DocumentInput, PreparedDocument } from './document-input.ts';
import { Operations } from './operations.ts';
import type { Outcome } from './outcome.ts';
import type { Platform } from './platform.ts';
import { type PrepareContext, prepareDocument, refuseDuplicates } from './prepare.ts';
import { defaultRetryPolicy, type RetryPolicy } from './retry-policy.ts';
import { type CallOptions, defaultTimeouts, ServiceCalls, type Timeouts } from './service-calls.ts';
import { type SignRunOptions, signExactlyOnce } from './sign-exactly-once.ts';
import { type BodyFormat, signRequest } from './sign-request.ts';
import type { Transport } from './transport.ts';

/** Settings that every way of making a client has in common. */
export interface ClientSettings {
  /** Seal options for every document of this client; a call's own and a document's own go before them. */
  seal?: SignatureOptions;
  /** Shown to signers (API reference, section 5). Default: `Sealed with Sign'Stash Connect`. */
  description?: string;
  /** Archiving and delivery for every call of this client. */
  preservation?: Preservation;
  /** Bytes; a larger document is refused before it is read. Default 100 MiB; the vendor sizes for 20 MB. */
  maxDocumentBytes?: number;
  /**
   * Ask for every reference before sending, so that a document sealed by an earlier run is found, not sealed again. One short
   * question a document. Default true; false suits references that are new by construction.
   */
  lookUpFirst?: boolean;
  /** Default `json`, which the API reference is sure of; `multipart` sends a quarter less, its matching of files is inferred. */
  format?: BodyFormat;
  /** Where sealed contents come from: the sign answer, or the zip of the documents endpoint (not through the proxy). */
  contentFrom?: 'answer' | 'zip';
  /** How returned contents are checked before they are reported as signed; see {@link ContentCheckSetting}. Default `on`. */
  contentCheck?: ContentCheckSetting;
  /** How much larger than the documents the signed contents may be. */
  contentLimits?: ContentLimits;
  /** Called for non-fatal problems, such as a rewritten PDF. Gets no secrets. */
  onWarning?: OnWarning;
  retry?: Partial<RetryPolicy>;
  timeouts?: Partial<Timeouts>;
}

/** What a client is made of where no HTTP library may be bundled; applications call `createSignStash` instead. */
export interface ClientParts {
  transport: Transport;
  platform: Platform;
  endpoints: Endpoints;
  /** Prefix of derived external references; the API reference asks for the client service's alias. */
  clientId: string;
}

/** Options of one sealing call. */
export interface SignOptions extends SignatureOptions, CallOptions {
  description?: string;
  preservation?: Preservation;
  /** See {@link ClientSettings.lookUpFirst}. */
  lookUpFirst?: boolean;
  /**
   * Which content is accepted if a document of an earlier run is found under its reference. `same` (default): the signed version of
   * the given bytes. `any`: any file with an intact signature over all of it, for references that identify a document in all its
   * renderings, such as an invoice's ATCUD.
   */
  recoveredContent?: 'same' | 'any';
}

/** Options of `sign`: those of the call and those of its one document. */
export type SignOneOptions = SignOptions & Omit<DocumentInput, 'content' | keyof SignatureOptions>;

/** A document with its seal. */
export interface SignedDocument<T = Uint8Array> {
  readonly ok: true;
  readonly reference: string;
  readonly name: string;
  readonly contentType: string;
  readonly operationId: string;
  readonly content: T;
  /** True where the seal was found at the service, made by an earlier call whose answer was lost or by an earlier run. */
  readonly recovered: boolean;
  /** What the service says about the document. */
  readonly document: OperationDocument<T>;
}

/** A document that was not sealed, or whose outcome is unknown: see the error's code. */
export interface FailedDocument {
  readonly ok: false;
  readonly reference: string;
  readonly name: string;
  readonly error: SignStashError;
}

export type SignResult<T = Uint8Array> = SignedDocument<T> | FailedDocument;

/**
 * Seals documents and asks about them, over any transport. Safe to share: one client serves any number of calls at once.
 */
export class SignStashClient {
  /** Everything but sealing: consult, download, resend. */
  readonly operations: Operations;
  readonly #parts: ClientParts;
  readonly #settings: ClientSettings;
  readonly #calls: ServiceCalls;
  readonly #policy: RetryPolicy;

  /** @throws {@link ConfigurationError} where the settings contradict each other. */
  constructor(parts: ClientParts, settings: ClientSettings = {}) {
    this.#parts = parts;
    this.#settings = settings;
    this.#policy = { ...defaultRetryPolicy, ...settings.retry };
    this.#calls = new ServiceCalls(parts.transport, parts.endpoints, parts.platform, {
      ...defaultTimeouts,
      ...settings.timeouts,
    });
    checkContentSettings(this.#contentCheck.setting, this.#contentCheck.limits);
    this.operations = new Operations(
      this.#calls,
      parts.platform,
      this.#policy,
      this.#contentCheck.limits.maxFetchedBytes,
    );
    if (settings.contentFrom === 'zip' && parts.endpoints.viaProxy) {
      const message = 'contentFrom "zip" needs stored content, and the on-premise proxy stores none: use "answer".';
      throw new ConfigurationError('CONFIGURATION_INVALID', 'contentFrom', message);
    }
  }

  /**
   * Seals one document.
   *
   * @returns The document with its seal.
   * @throws {@link ValidationError} before anything is sent; any other {@link SignStashError} as its cause has it, among them
   *   `DocumentFailedError` with the service's `signError`, and `OutcomeUnknownError` where a lost answer could not be cleared up.
   */
  async sign(content: DocumentBytes, options: SignOneOptions = {}): Promise<SignedDocument> {
    const { name, contentType, reference, key, ...call } = options;
    const given = Object.entries({ name, contentType, reference, key }).filter(([, value]) => value !== undefined);
    const [result] = await this.signMany([{ content, ...Object.fromEntries(given) }], call);
    if (!result?.ok) throw result?.error ?? new ValidationError('NO_DOCUMENTS', 'There is nothing to seal.');
    return result;
  }

  /**
   * Seals up to 99 documents in one request, which is much faster than one request each (API reference, section 1).
   *
   * @returns A result for every document, in the order given; one document that fails does not fail the others.
   * @throws {@link ValidationError} before anything is sent, where any document cannot be sealed.
   */
  async signMany(documents: readonly DocumentInput[], options: SignOptions = {}): Promise<SignResult[]> {
    if (documents.length === 0) throw new ValidationError('NO_DOCUMENTS', 'There is nothing to seal.');
    if (documents.length > maxDocumentsPerRequest) {
      const message = `${documents.length} documents are more than the ${maxDocumentsPerRequest} of one request.`;
      throw new ValidationError('TOO_MANY_DOCUMENTS', message);
    }
    const prepared: PreparedDocument[] = [];
    for (const [index, document] of documents.entries())
      prepared.push(await this.prepare(document, index + 1, options));
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
    return prepareDocument(input, position, this.#prepareContext(options));
  }

  /**
   * Signs up to 99 prepared documents in one request.
   *
   * @returns A result for every document, in the order given.
   * @throws {@link ValidationError} `DUPLICATE_REFERENCE` before anything is sent.
   */
  async signPrepared(documents: readonly PreparedDocument[], options: SignOptions = {}): Promise<SignResult[]> {
    refuseDuplicates(documents);
    const results = new Map<string, SignResult>();
    await this.seal(documents, options, {
      store: memoryStore,
      openContent: bytesSource,
      onOutcome: (outcome) => results.set(outcome.document.reference, signResult(outcome)),
    });
    return documents.map((document) => results.get(document.reference) as SignResult);
  }

  /** Seals one request's worth of prepared documents. @internal */
  protected seal<T>(
    documents: readonly PreparedDocument[],
    options: SignOptions,
    run: SignRunOptions<T>,
  ): Promise<void> {
    const { format = 'json', contentFrom = 'answer', description, preservation, lookUpFirst = true } = this.#settings;
    const archive = options.preservation ?? preservation;
    const request = {
      format,
      clientId: this.#parts.clientId,
      description: options.description ?? description ?? "Sealed with Sign'Stash Connect",
      preservation: archive && preservationInfo(archive),
      returnContent: run.store !== undefined && contentFrom === 'answer',
    };
    return signExactlyOnce<T>(documents, {
      calls: this.#calls,
      platform: this.#parts.platform,
      policy: this.#policy,
      body: (group) => signRequest(group, request, this.#parts.platform),
      endpoint: format === 'multipart' ? 'signMultipart' : 'sign',
      contentFrom,
      lookUpFirst: options.lookUpFirst ?? lookUpFirst,
      signal: options.signal,
      timeoutMs: options.timeoutMs,
      contentCheck: { ...this.#contentCheck, recoveredContent: options.recoveredContent ?? 'same' },
      ...run,
    });
  }

  get #contentCheck() {
    const { contentCheck: setting = 'on', contentLimits, onWarning } = this.#settings;
    return { setting, limits: { ...defaultContentLimits, ...contentLimits }, onWarning };
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
      checkContent: this.#contentCheck.setting !== 'off',
      seal: { ...this.#settings.seal, ...Object.fromEntries(own) },
    };
  }
}

/** The outcome as a result of the public API. */
export function signResult<T>(outcome: Outcome<T>): SignResult<T> {
  const { reference, name, contentType } = outcome.document;
  if (!outcome.signed) return { ok: false, reference, name, error: outcome.error };
  const { operationId, recovered, details, content } = outcome;
  return { ok: true, reference, name, contentType, operationId, recovered, document: details, content: content as T };
}

export type { ContentStore, Operation, OperationOf };
