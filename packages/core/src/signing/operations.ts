import { checkReceivers } from '../api/request/signature-info.ts';
import { matchZipEntry } from '../api/response/documents-zip.ts';
import type { Operation, OperationOf } from '../api/response/operation.ts';
import { ServiceRejectedError } from '../errors/errors.ts';
import { boundedStore, memoryStore } from './content-stores.ts';
import type { RetryEvent } from './hooks.ts';
import type { Platform } from './platform.ts';
import type { RetryPolicy } from './retry-policy.ts';
import { type RetryReadOptions, retryRead } from './retry-read.ts';
import type { CallOptions, ServiceCalls } from './service-calls.ts';

/** A signed document from the zip of an operation. */
export interface DownloadedDocument {
  reference: string;
  name: string;
  content: Uint8Array;
}

/**
 * Queries operations, downloads their documents and resends delivery e-mails. Through the on-premise proxy these calls go to the
 * SaaS, which knows the state but has no content (API reference, section 4).
 */
export class Operations {
  readonly #calls: ServiceCalls;
  readonly #platform: Platform;
  readonly #policy: RetryPolicy;
  readonly #maxFetchedBytes: number;
  readonly #onRetry: ((event: RetryEvent) => void) | undefined;

  constructor(
    calls: ServiceCalls,
    { platform, policy, onRetry }: Omit<RetryReadOptions, 'signal'>,
    maxFetchedBytes: number,
  ) {
    this.#calls = calls;
    this.#platform = platform;
    this.#policy = policy;
    this.#maxFetchedBytes = maxFetchedBytes;
    this.#onRetry = onRetry;
  }

  /** The id of the operation that holds a document; undefined if the service does not know the reference. */
  idByReference(reference: string, options: CallOptions = {}): Promise<string | undefined> {
    return this.#retryRead(options, () => this.#calls.operationId(reference, options));
  }

  /**
   * An operation with its documents, without their contents.
   *
   * @throws {@link ServiceRejectedError} `NOT_FOUND` if the service has no such operation.
   */
  get(id: string, options: CallOptions = {}): Promise<Operation> {
    return this.#retryRead(options, () => this.#calls.detail(id, undefined, options));
  }

  /** An operation with the signed contents of its documents. */
  getWithContent(id: string, options: CallOptions = {}): Promise<OperationOf<Uint8Array>> {
    return this.#retryRead(options, () => this.#calls.detail(id, this.#store, options));
  }

  /** The operation that holds a document, without contents. @throws {@link ServiceRejectedError} `NOT_FOUND` */
  async getByReference(reference: string, options: CallOptions = {}): Promise<Operation> {
    const id = await this.idByReference(reference, options);
    if (id !== undefined) return this.get(id, options);
    const message = `The service does not know a document with the external reference ${reference}.`;
    throw new ServiceRejectedError('NOT_FOUND', message, {}, { references: [reference], status: 404 });
  }

  /** The status of an operation; its `documents` are empty. */
  getStatus(id: string, options: CallOptions = {}): Promise<Operation> {
    return this.#retryRead(options, () => this.#calls.status(id, options));
  }

  /** The signed documents of an operation, from the zip that the service makes. */
  async downloadDocuments(id: string, options: CallOptions = {}): Promise<DownloadedDocument[]> {
    const operation = await this.get(id, options);
    const files = await this.#retryRead(options, () => this.#calls.documents(id, this.#store, options));
    return files.map(({ entryName, content }) => {
      const { document, name } = matchZipEntry(entryName, operation.documents);
      return { reference: document?.reference ?? '', name, content };
    });
  }

  /** The zip of the signed documents as a stream, to save it without reading it. */
  downloadZip(id: string, options: CallOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    return this.#retryRead(options, () => this.#calls.documentsZip(id, options));
  }

  /**
   * Resends the delivery e-mails of an operation.
   *
   * @throws {@link ValidationError} `RECEIVER_INVALID` before anything is sent.
   */
  async resendEmails(
    id: string,
    receivers: readonly string[],
    { attachDocuments = false, ...options }: CallOptions & { attachDocuments?: boolean } = {},
  ): Promise<void> {
    checkReceivers(receivers);
    const bytes = new TextEncoder().encode(JSON.stringify(receivers));
    const body = {
      contentType: 'application/json',
      contentLength: bytes.byteLength,
      async *read() {
        yield bytes;
      },
    };
    // Not retried: a duplicate e-mail is worse than an error.
    await this.#calls.resendMail(id, attachDocuments, body, options);
  }

  get #store() {
    return boundedStore(memoryStore, this.#maxFetchedBytes);
  }

  #retryRead<R>({ signal }: CallOptions, read: () => Promise<R>): Promise<R> {
    return retryRead(read, { platform: this.#platform, policy: this.#policy, signal, onRetry: this.#onRetry });
  }
}
