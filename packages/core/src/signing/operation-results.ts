import { matchZipEntry } from '../api/response/documents-zip.ts';
import type { OperationDocument, OperationOf } from '../api/response/operation.ts';
import type { ContentStore } from '../api/response/signed-content-reader.ts';
import type { SignStashError } from '../errors/errors.ts';
import type { PreparedDocument } from './document-input.ts';
import { asError, contentUnavailable, isCertain, notListed, notSigned, type Outcome, pending } from './outcome.ts';
import { pollDelay } from './retry-policy.ts';
import { type RetryReadOptions, retryRead } from './retry-read.ts';
import type { ServiceCalls } from './service-calls.ts';

export interface OperationResultsOptions<T> extends RetryReadOptions {
  readonly calls: ServiceCalls;
  readonly store: ContentStore<T> | undefined;
  readonly release?: ((content: T) => void | Promise<void>) | undefined;
  readonly contentFrom: 'answer' | 'zip';
  readonly onOutcome: (outcome: Outcome<T>) => void;
}

interface Source {
  /** The operation was found by a look-up. */
  readonly recovered: boolean;
  /** The operation is finished: another look-up would not return more. */
  readonly last?: boolean;
  /** Why contents could not be fetched. */
  readonly failure?: SignStashError | undefined;
}

/** Reports the documents of an operation, waiting for it and fetching contents as needed. */
export class OperationResults<T> {
  readonly #options: OperationResultsOptions<T>;

  constructor(options: OperationResultsOptions<T>) {
    this.#options = options;
  }

  /** @param answer - The answer to the sign request, if that is where the operation comes from. */
  async report(documents: readonly PreparedDocument[], id: string, answer?: OperationOf<T>): Promise<void> {
    const { calls, signal } = this.#options;
    const recovered = answer === undefined;
    const known = answer ? byReference(answer) : new Map<string, OperationDocument<T>>();
    const open = answer ? await this.#apply(documents, answer, { recovered }) : documents;
    if (open.length === 0) return;
    let failure: SignStashError | undefined;
    try {
      if (calls.canQuery && !(await this.#waitUntilDone(id))) {
        for (const document of open) this.#fail(document, pending(document, id));
        return;
      }
      if (calls.canQuery) {
        const { operation, ...fetched } = await this.#fetch(id);
        await this.#apply(open, operation, { recovered, last: true, ...fetched });
        return;
      }
    } catch (problem) {
      failure = asError(problem, `operation ${id}`, signal);
    }
    for (const document of open) {
      const status = known.get(document.reference)?.status;
      if (failure && isCertain(failure)) this.#fail(document, failure);
      else if (status === 'SIGNED') this.#fail(document, contentUnavailable(document, id, failure));
      else if (!failure && status !== undefined) this.#fail(document, pending(document, id));
      else this.#fail(document, notListed(document, id, failure));
    }
  }

  /**
   * Reports documents from an operation, matched by reference, never by position. Returns those that the operation may report later.
   */
  async #apply(
    documents: readonly PreparedDocument[],
    operation: OperationOf<T>,
    { recovered, last = false, failure }: Source,
  ): Promise<PreparedDocument[]> {
    const { store, release, onOutcome } = this.#options;
    const { id, status } = operation;
    const entries = byReference(operation);
    const running = status === 'PENDING_EXECUTION' || status === 'EXECUTION_ERROR';
    const open: PreparedDocument[] = [];
    const used = new Set<T>();
    for (const document of documents) {
      const details = entries.get(document.reference);
      const content = details?.content;
      const isSigned = details?.status === 'SIGNED';
      if (isSigned && (content !== undefined || store === undefined)) {
        if (content !== undefined) used.add(content);
        onOutcome({ signed: true, document, operationId: id, content, details, recovered });
      } else if (!isSigned && (status === 'EXECUTION_FAILED' || (details?.status === 'ERROR_SIGNING' && !running))) {
        this.#fail(document, notSigned(document, id, details?.signError, recovered));
      } else if (!last) open.push(document);
      else if (isSigned) this.#fail(document, contentUnavailable(document, id, failure));
      else this.#fail(document, details ? pending(document, id) : notListed(document, id));
    }
    for (const { content } of operation.documents) {
      if (content !== undefined && !used.has(content)) await release?.(content);
    }
    return open;
  }

  /** True once the operation is executed or has failed permanently; false if it is still pending when time is up. */
  async #waitUntilDone(id: string): Promise<boolean> {
    const { calls, platform, policy, signal } = this.#options;
    let waited = 0;
    for (let poll = 1; ; poll++) {
      const { status } = await retryRead(() => calls.status(id, { signal }), this.#options);
      if (status !== 'PENDING_EXECUTION' && status !== 'EXECUTION_ERROR') return true;
      if (waited >= policy.pendingMs) return false;
      const delay = pollDelay(policy, poll);
      await platform.sleep(delay, signal);
      waited += delay;
    }
  }

  /** The operation with its documents and, if they are wanted and stored, their contents; else why those could not be fetched. */
  async #fetch(id: string): Promise<{ operation: OperationOf<T>; failure?: SignStashError }> {
    const { calls, store, release, contentFrom, signal } = this.#options;
    const bare = () => retryRead(() => calls.detail<T>(id, undefined, { signal }), this.#options);
    if (store === undefined) return { operation: await bare() };
    if (calls.viaProxy) {
      // Nothing that was signed through the proxy is stored, but the document may have been signed at the SaaS before.
      const operation = await bare();
      if (!operation.documents.some(({ raw }) => isStored(raw.storageStatus))) return { operation };
    }
    try {
      if (contentFrom === 'answer') {
        return { operation: await retryRead(() => calls.detail(id, store, { signal }), this.#options) };
      }
      const operation = await bare();
      if (!operation.documents.some((document) => document.status === 'SIGNED')) return { operation };
      const files = await retryRead(() => calls.documents(id, store, { signal }), this.#options);
      for (const { entryName, content } of files) {
        const { document } = matchZipEntry(entryName, operation.documents);
        if (document && document.content === undefined) document.content = content;
        else await release?.(content);
      }
      return { operation };
    } catch (problem) {
      const error = asError(problem, `operation ${id}`, signal);
      if (isCertain(error)) throw error;
      // The status may be available without the contents.
      return { operation: await bare(), failure: error };
    }
  }

  #fail(document: PreparedDocument, error: SignStashError): void {
    this.#options.onOutcome({ signed: false, document, error });
  }
}

/** If a reference is listed twice, the entry that is signed counts, and of those the one with content. */
function byReference<T>({ documents }: OperationOf<T>): Map<string, OperationDocument<T>> {
  const rank = ({ status, content }: OperationDocument<T>) =>
    (status === 'SIGNED' ? 2 : 0) + (content === undefined ? 0 : 1);
  const entries = new Map<string, OperationDocument<T>>();
  for (const entry of documents) {
    const other = entries.get(entry.reference);
    if (!other || rank(entry) > rank(other)) entries.set(entry.reference, entry);
  }
  return entries;
}

/** API reference, section 6. */
const isStored = (storageStatus: string | null | undefined) =>
  storageStatus === 'CONTENT_STORED' || storageStatus === 'CONTENT_PRESERVED';
