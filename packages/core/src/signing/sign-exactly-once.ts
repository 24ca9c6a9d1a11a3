import { matchZipEntry } from '../api/response/documents-zip.ts';
import type { OperationDocument, OperationOf } from '../api/response/operation.ts';
import type { ContentStore } from '../api/response/signed-content-reader.ts';
import {
  AbortedError,
  DocumentFailedError,
  isSignStashError,
  OutcomeUnknownError,
  ProtocolError,
  type SignStashError,
} from '../errors/errors.ts';
import { type ContentCheckSettings, type ContentHandling, checkOutcomes } from './checked-outcomes.ts';
import type { PreparedDocument } from './document-input.ts';
import type { Platform } from './platform.ts';
import { failureKind, type RetryPolicy, retryDelay } from './retry-policy.ts';
import { retryRead, throwIfAborted } from './retry-read.ts';
import type { ServiceCalls } from './service-calls.ts';
import type { RequestBody } from './transport.ts';

/** What became of one document. */
export type Outcome<T> = SignedOutcome<T> | FailedOutcome;

export interface SignedOutcome<T> {
  readonly sealed: true;
  readonly document: PreparedDocument;
  readonly operationId: string;
  /** Undefined where no content was asked for. */
  readonly content: T | undefined;
  readonly facts: OperationDocument<T>;
  /** True where the seal was found by asking, instead of coming in the answer to the sign request. */
  readonly recovered: boolean;
}

export interface FailedOutcome {
  readonly sealed: false;
  readonly document: PreparedDocument;
  readonly error: SignStashError;
}

export interface SignExactlyOnceOptions<T> extends ContentHandling<T> {
  readonly contentCheck: ContentCheckSettings;
  readonly calls: ServiceCalls;
  readonly platform: Platform;
  readonly policy: RetryPolicy;
  readonly body: (documents: readonly PreparedDocument[]) => RequestBody;
  readonly endpoint: 'sign' | 'signMultipart';
  /** Where sealed contents go; undefined where the caller wants none. */
  readonly store: ContentStore<T> | undefined;
  /** Lets go of a content that came along but belongs to none of the documents. */
  readonly release?: ((content: T) => void | Promise<void>) | undefined;
  /** `answer`: contents come with the answer. `zip`: they are fetched from the documents endpoint afterwards. */
  readonly contentFrom: 'answer' | 'zip';
  /** Ask for every reference before the first request, so that a second run finds the first one's seals. */
  readonly lookUpFirst: boolean;
  /**
   * Another process, since killed, may have sent these documents a moment ago: they are asked for whatever
   * {@link SignExactlyOnceOptions.lookUpFirst} says, as patiently as after a lost answer, and not sent where nobody can be asked.
   */
  readonly mayHaveBeenSent?: boolean | undefined;
  /** Awaited before each request with documents leaves: the moment a journal must be on disk. */
  readonly beforeSend?: ((documents: readonly PreparedDocument[]) => Promise<void>) | undefined;
  /** Called as soon as a document's outcome is certain. */
  readonly onOutcome: (outcome: Outcome<T>) => void;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** What each run brings of its own; the client knows the rest. */
export type SignRunOptions<T> = Pick<SignExactlyOnceOptions<T>, 'store' | 'onOutcome'> &
  Partial<Pick<SignExactlyOnceOptions<T>, 'beforeSend' | 'release' | 'mayHaveBeenSent' | 'openContent' | 'reject'>>;

/**
 * Why the service is asked. `earlier run`: before anything is sent. `lost answer`: a request was sent and its outcome is open;
 * a reference may still be on its way into the service's books. `killed run`: the same, but a process that is gone sent it.
 * `this run`: the answer itself left something to ask.
 */
type LookupReason = 'earlier run' | 'killed run' | 'lost answer' | 'this run';

/** How many look-ups run at once. */
const lookUpsAtOnce = 8;

/**
 * Seals a group of documents so that each is sealed at most once, whatever fails on the way, and reports every one of them
 * exactly once through `onOutcome`. Never rejects.
 *
 * After a failure that leaves the outcome open, the service is asked by external reference, and only what it does not know is
 * sent again. Where it cannot be asked, the documents end in `OutcomeUnknownError`.
 */
export async function signExactlyOnce<T>(
  documents: readonly PreparedDocument[],
  options: SignExactlyOnceOptions<T>,
): Promise<void> {
  // Content check: the attempt itself works on outcomes that are not checked yet.
  const checked = checkOutcomes(documents, options);
  await new SignAttempt(checked.options).run(documents);
  await checked.finished();
}

class SignAttempt<T> {
  readonly #options: SignExactlyOnceOptions<T>;
  readonly #calls: ServiceCalls;
  readonly #policy: RetryPolicy;
  /** Operations of earlier runs that failed for good: found again, they say nothing of what this run sent. */
  readonly #failedBefore = new Set<string>();

  constructor(options: SignExactlyOnceOptions<T>) {
    this.#options = options;
    this.#calls = options.calls;
    this.#policy = options.policy;
  }

  async run(documents: readonly PreparedDocument[]): Promise<void> {
    const { lookUpFirst, mayHaveBeenSent } = this.#options;
    // Where nobody can be asked, the question fails and the documents stay in doubt.
    const query = mayHaveBeenSent || (lookUpFirst && this.#calls.canQuery);
    const since = mayHaveBeenSent ? 'killed run' : 'earlier run';
    await this.#send(query ? await this.#resolveKnown(documents, since) : documents, 1);
  }

  /** Sends a group until every document's outcome is certain. */
  async #send(group: readonly PreparedDocument[], attempt: number): Promise<void> {
    if (group.length === 0) return;
    const { calls, endpoint, body, store, contentFrom, beforeSend, signal, timeoutMs } = this.#options;
    let operation: OperationOf<T>;
    try {
      throwIfAborted(signal);
      await beforeSend?.(group);
      const wanted = store && contentFrom === 'answer' ? store : dropContent;
      operation = await calls.sign(endpoint, body(group), wanted as ContentStore<T>, { signal, timeoutMs });
    } catch (problem) {
      return this.#afterFailure(group, attempt, asError(problem, 'seal', signal));
    }
    const missing = await this.#applyOperation(group, operation, { asked: false, since: 'this run' });
    if (missing.length === 0) return;
    const error = new ProtocolError('PROTOCOL_UNEXPECTED', 'The answer lacks documents that were sent.', {
      operationId: operation.id,
      references: missing.map((document) => document.reference),
    });
    await this.#afterFailure(missing, attempt, error);
  }

  async #afterFailure(group: readonly PreparedDocument[], attempt: number, error: SignStashError): Promise<void> {
    const lastAttempt = attempt >= this.#policy.attempts;
    switch (failureKind(error)) {
      case 'not-sealed':
        if (lastAttempt) return this.#fail(group, error);
        if (!(await this.#pause(group, attempt, error))) return;
        return this.#send(group, attempt + 1);
      case 'divisible':
        return group.length > 1 ? this.#bisect(group, attempt) : this.#fail(group, error);
      case 'refused': {
        // The refusal may mean "already processed" (API reference, section 7): what is known is taken, the rest was refused.
        const unknown = this.#calls.canQuery ? await this.#resolveKnown(group, 'this run') : group;
        if (unknown.length === 0) return;
        if (unknown.length < group.length) return this.#send(unknown, attempt);
        return group.length > 1 ? this.#bisect(group, attempt) : this.#fail(group, error);
      }
      case 'open': {
        if (!this.#calls.canQuery) return this.#outcomeUnknown(group, error);
        const unknown = await this.#resolveKnown(group, 'lost answer');
        if (unknown.length === 0) return;
        if (lastAttempt) return this.#fail(unknown, error);
        if (!(await this.#pause(unknown, attempt, error))) return;
        return this.#send(unknown, attempt + 1);
      }
      case 'final':
        return this.#fail(group, error);
    }
  }

  /** One bad document, or too many bytes, must not sink the others. */
  async #bisect(group: readonly PreparedDocument[], attempt: number): Promise<void> {
    const middle = Math.ceil(group.length / 2);
    await this.#send(group.slice(0, middle), attempt);
    await this.#send(group.slice(middle), attempt);
  }

  /**
   * Asks for every reference, settles the documents that the service knows, and returns those it does not.
   */
  async #resolveKnown(group: readonly PreparedDocument[], since: LookupReason): Promise<readonly PreparedDocument[]> {
    const operations = new Map<string, PreparedDocument[]>();
    let unknown = await this.#lookUp(group, operations, since);
    if ((since === 'lost answer' || since === 'killed run') && unknown.length > 0) {
      if (!(await this.#sleep(unknown, this.#policy.lookupGraceMs))) unknown = [];
      unknown = await this.#lookUp(unknown, operations, since);
    }
    const again: PreparedDocument[] = [];
    for (const [id, documents] of operations) {
      again.push(...(await this.#awaitOperation(id, documents, since)));
    }
    return [...unknown, ...again];
  }

  /** Sorts documents by the operation that knows them; returns those that none knows. */
  async #lookUp(
    group: readonly PreparedDocument[],
    operations: Map<string, PreparedDocument[]>,
    since: LookupReason,
  ): Promise<PreparedDocument[]> {
    const unknown: PreparedDocument[] = [];
    const { signal } = this.#options;
    await inParallel(group, lookUpsAtOnce, async (document) => {
      try {
        const id = await this.#retryRead(() => this.#calls.operationId(document.reference, { signal }));
        if (id === undefined || this.#failedBefore.has(`${id} ${document.reference}`)) unknown.push(document);
        else operations.set(id, [...(operations.get(id) ?? []), document]);
      } catch (problem) {
        const error = asError(problem, 'look up', signal);
        // Before anything was sent, a refused question must not stand in the way: how "not found" looks is not known.
        if (since === 'earlier run' && error.code === 'SERVICE_REJECTED') unknown.push(document);
        else this.#unanswered([document], error, since);
      }
    });
    // Parallel answers come in any order; requests keep the caller's.
    return group.filter((document) => unknown.includes(document));
  }

  /** Waits until an operation is done and settles its documents; returns those that may be sent again. */
  async #awaitOperation(
    id: string,
    documents: readonly PreparedDocument[],
    since: LookupReason,
  ): Promise<PreparedDocument[]> {
    try {
      const done = await this.#waitUntilDone(id);
      if (!done) {
        this.#pending(id, documents);
        return [];
      }
      const operation = await this.#fetch(id);
      return await this.#applyOperation(documents, operation, { asked: true, since });
    } catch (problem) {
      this.#unanswered(documents, asError(problem, `operation ${id}`, this.#options.signal), since);
      return [];
    }
  }

  /** True once the operation is executed or has failed for good; false where it is still pending after all patience. */
  async #waitUntilDone(id: string): Promise<boolean> {
    const { signal } = this.#options;
    let waited = 0;
    for (let poll = 1; ; poll++) {
      const { status } = await this.#retryRead(() => this.#calls.status(id, { signal }));
      if (status !== 'PENDING_EXECUTION' && status !== 'EXECUTION_ERROR') return true;
      if (waited >= this.#policy.pendingMs) return false;
      const delay = retryDelay({ ...this.#policy, maxDelayMs: Math.min(this.#policy.maxDelayMs, 10_000) }, poll);
      await this.#options.platform.sleep(delay, signal);
      waited += delay;
    }
  }

  /** The operation with its documents and, where they are wanted and stored, their contents. */
  async #fetch(id: string): Promise<OperationOf<T>> {
    const { store, contentFrom, signal } = this.#options;
    const wanted = this.#calls.viaProxy ? undefined : store;
    if (wanted === undefined || contentFrom === 'answer')
      return this.#retryRead(() => this.#calls.detail(id, wanted, { signal }));
    const operation = await this.#retryRead(() => this.#calls.detail<T>(id, undefined, { signal }));
    if (!operation.documents.some((document) => document.status === 'SIGNED')) return operation;
    const files = await this.#retryRead(() => this.#calls.documents(id, wanted, { signal }));
    for (const { entryName, content } of files) {
      const { document } = matchZipEntry(entryName, operation.documents);
      if (document && document.content === undefined) document.content = content;
      else await this.#options.release?.(content);
    }
    return operation;
  }

  /**
   * Settles documents from an operation, matched by reference, never by position. Returns those that are not in it, or that
   * failed in it and may be tried again.
   *
   * @param from.asked - Whether the operation was asked for after it was done, so that asking again would tell no more.
   */
  async #applyOperation(
    group: readonly PreparedDocument[],
    operation: OperationOf<T>,
    from: { asked: boolean; since: LookupReason },
  ): Promise<PreparedDocument[]> {
    const { store, release, onOutcome } = this.#options;
    const byReference = new Map(operation.documents.map((document) => [document.reference, document]));
    const again: PreparedDocument[] = [];
    const unfinished: PreparedDocument[] = [];
    const recovered = from.since !== 'this run';
    const running = operation.status === 'PENDING_EXECUTION' || operation.status === 'EXECUTION_ERROR';
    for (const document of group) {
      const facts = byReference.get(document.reference);
      if (!facts) again.push(document);
      else if (facts.status === 'SIGNED' && (facts.content !== undefined || store === undefined)) {
        onOutcome({
          sealed: true,
          document,
          operationId: operation.id,
          content: facts.content,
          facts,
          recovered,
        });
      } else if (facts.status === 'SIGNED' && from.asked) this.#contentUnavailable(document, operation.id);
      else if (facts.status === 'SIGNED') unfinished.push(document);
      else if ((facts.status === 'ERROR_SIGNING' && !running) || operation.status === 'EXECUTION_FAILED') {
        // What failed in an earlier run was not sealed then, and may be tried again now.
        if (from.since === 'earlier run' || from.since === 'killed run') {
          this.#failedBefore.add(`${operation.id} ${document.reference}`);
          again.push(document);
        } else this.#signError(document, operation, facts);
      } else if (from.asked) this.#pending(operation.id, [document]);
      else unfinished.push(document);
    }
    const ours = new Set(group.map((document) => document.reference));
    for (const { reference, content } of operation.documents) {
      if (content !== undefined && !ours.has(reference)) await release?.(content);
    }
    if (unfinished.length === 0) return again;
    if (!this.#calls.canQuery) {
      this.#pending(operation.id, unfinished);
      return again;
    }
    return [...again, ...(await this.#awaitOperation(operation.id, unfinished, from.since))];
  }

  #retryRead<R>(question: () => Promise<R>): Promise<R> {
    const { platform, policy, signal } = this.#options;
    return retryRead(question, { platform, policy, signal });
  }

  /** Waits before the next attempt; false, with the documents reported, where the caller aborts meanwhile. */
  #pause(group: readonly PreparedDocument[], attempt: number, error: SignStashError): Promise<boolean> {
    return this.#sleep(group, retryDelay(this.#policy, attempt, error));
  }

  async #sleep(group: readonly PreparedDocument[], milliseconds: number): Promise<boolean> {
    const { platform, signal } = this.#options;
    try {
      await platform.sleep(milliseconds, signal);
      return true;
    } catch (problem) {
      this.#fail(group, asError(problem, 'seal', signal));
      return false;
    }
  }

  #fail(group: readonly PreparedDocument[], error: SignStashError): void {
    for (const document of group) this.#options.onOutcome({ sealed: false, document, error });
  }

  /** The question after the outcome got no answer: say what is in doubt, never guess. */
  #unanswered(group: readonly PreparedDocument[], error: SignStashError, since: LookupReason): void {
    const nothingSent = since === 'earlier run';
    const certain = error.code === 'ABORTED' || error.code === 'CREDENTIALS_REFUSED' || error.code === 'OUTPUT_FAILED';
    if (nothingSent || certain) this.#fail(group, error);
    else this.#outcomeUnknown(group, error);
  }

  #outcomeUnknown(group: readonly PreparedDocument[], cause: SignStashError): void {
    const references = group.map((document) => document.reference);
    const message = `${cause.message} It could not be found out whether ${references.length} document(s) were sealed.`;
    this.#fail(group, new OutcomeUnknownError(message, { references, cause }));
  }

  #pending(operationId: string, group: readonly PreparedDocument[]): void {
    for (const document of group) {
      const message = `${document.name}: operation ${operationId} has not sealed it yet.`;
      const details = { operationId, references: [document.reference], document: document.name };
      this.#fail([document], new DocumentFailedError('DOCUMENT_PENDING', message, details));
    }
  }

  #contentUnavailable(document: PreparedDocument, operationId: string): void {
    const message = `${document.name}: operation ${operationId} sealed it, but its content cannot be fetched.`;
    const details = { operationId, references: [document.reference], document: document.name };
    this.#fail([document], new DocumentFailedError('CONTENT_UNAVAILABLE', message, details));
  }

  #signError(document: PreparedDocument, operation: OperationOf<T>, facts: OperationDocument<T>): void {
    const { signError } = facts;
    const message = `${document.name}: operation ${operation.id} could not seal it${signError ? ` (${signError})` : ''}.`;
    const details = { operationId: operation.id, references: [document.reference], document: document.name, signError };
    this.#fail([document], new DocumentFailedError('DOCUMENT_FAILED', message, details));
  }
}

const dropContent: ContentStore<undefined> = () => ({ write() {}, finish: () => undefined, discard() {} });

/** Whatever was thrown, as one of ours; what is not ours comes from the caller's own store, source or signal. */
function asError(problem: unknown, what: string, signal?: AbortSignal): SignStashError {
  if (isSignStashError(problem)) return problem;
  if (signal?.aborted) return new AbortedError(`${what}: the caller stopped the call.`, { cause: signal.reason });
  const reason = problem instanceof Error ? problem.message : String(problem);
  return new DocumentFailedError('OUTPUT_FAILED', `${what}: ${reason}`, { cause: problem });
}

async function inParallel<I>(items: readonly I[], atOnce: number, work: (item: I) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
