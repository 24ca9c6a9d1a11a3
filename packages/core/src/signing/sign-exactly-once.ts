import { actionFor } from '../api/error-table.ts';
import type { OperationDocument, OperationOf } from '../api/response/operation.ts';
import type { ContentStore } from '../api/response/signed-content-reader.ts';
import type { ErrorBody, SignStashError } from '../errors/errors.ts';
import type { PreparedDocument } from './document-input.ts';
import { findNamedDocuments } from './named-documents.ts';
import {
  asError,
  contentUnavailable,
  lookupFailed,
  notListed,
  notSigned,
  type Outcome,
  pending,
  refused,
  type Split,
  unknown,
} from './outcome.ts';
import type { Platform } from './platform.ts';
import { graceMs, type RetryPolicy, retryDelay, ThrottleDelays } from './retry-policy.ts';
import { retryRead, throwIfAborted } from './retry-read.ts';
import type { ServiceCalls } from './service-calls.ts';
import type { RequestBody } from './transport.ts';

export interface SignExactlyOnceOptions<T> {
  readonly calls: ServiceCalls;
  readonly platform: Platform;
  readonly policy: RetryPolicy;
  readonly body: (documents: readonly PreparedDocument[]) => Promise<RequestBody>;
  readonly endpoint: 'sign' | 'signMultipart';
  /** Where signed contents go; undefined if the caller wants none. */
  readonly store: ContentStore<T> | undefined;
  /** Disposes of a content that came along but belongs to none of the documents. */
  readonly release?: ((content: T) => void | Promise<void>) | undefined;
  /** `answer`: contents come with the answer. `zip`: they are fetched from the documents endpoint afterwards. */
  readonly contentFrom: 'answer' | 'zip';
  /** Look up every reference before the first request, so that a second run finds what the first one signed. */
  readonly lookUpFirst: boolean;
  /**
   * Another process, since killed, may have sent these documents a moment ago: they are looked up whatever
   * {@link SignExactlyOnceOptions.lookUpFirst} says, for as long as after a lost answer, and not sent if there is no way to look up.
   */
  readonly mayHaveBeenSent?: boolean | undefined;
  /** Awaited before each request with documents leaves: the moment a journal must be on disk. */
  readonly beforeSend?: ((documents: readonly PreparedDocument[]) => Promise<void>) | undefined;
  /** Called as soon as a document's outcome is certain. */
  readonly onOutcome: (outcome: Outcome<T>) => void;
  /** Called when a request was refused and its documents are sent again in smaller groups. */
  readonly onSplit?: ((split: Split) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** What each run brings of its own; the client knows the rest. */
export type SignRunOptions<T> = Pick<SignExactlyOnceOptions<T>, 'store' | 'onOutcome'> &
  Partial<Pick<SignExactlyOnceOptions<T>, 'beforeSend' | 'release' | 'mayHaveBeenSent' | 'onSplit'>>;

/**
 * Where a group of documents is. Every document is in exactly one group until its outcome is reported:
 *
 * ```
 *             ┌──────────────► named ──► signed, failed, pending or unknown
 *  look up ──►┤                  ▲
 *             └──► send ─────────┤
 *                  ▲ │ ▲         │
 *                  │ │ └ search ─┤   find the document that makes the service refuse the request, send the others
 *                  │ ├──► refused┤   the document that caused it: one last look-up
 *                  │ ├──► in doubt   lost answer: look up, send again what stays unknown
 *                  │ └──► taken ─┘   references exist already: look up, never send again
 *                  └── in doubt
 * ```
 *
 * Nothing leads back from `named`: a document that an operation was named for, by an answer or a look-up, is never sent again.
 */
type State<T> = LookUp | Send | Search | Refused | InDoubt | Taken | Named<T>;

interface Group {
  readonly documents: readonly PreparedDocument[];
}

/** Nothing was sent by this run: did an earlier run send it? */
interface LookUp extends Group {
  readonly state: 'look up';
}

/** May be sent, since no operation is known for these documents. */
interface Send extends Group {
  readonly state: 'send';
  /** Counts from 1. */
  readonly attempt: number;
  /** The failure of an earlier attempt whose outcome is still open: a refusal of this one does not settle that. */
  readonly doubt?: SignStashError | undefined;
  /** How a refusal that names no document is followed: halves once a search has found one bad document and there are more. */
  readonly onRefusal?: 'search' | 'bisect';
  readonly throttle?: ThrottleDelays;
}

/** At least one of these documents makes the service refuse a request. */
interface Search extends Group {
  readonly state: 'search';
  /** Not known to be bad or good: sent together once the bad document is found. */
  readonly setAside: readonly PreparedDocument[];
  readonly from: Send;
}

/** The service refused a request because of these documents. */
interface Refused extends Group {
  readonly state: 'refused';
  readonly refusal: SignStashError;
  readonly from: Send;
}

/** A request was sent and its outcome is open. */
interface InDoubt extends Group {
  readonly state: 'in doubt';
  /** How often these documents were sent; 0 if only an earlier run may have done so. */
  readonly attempt: number;
  readonly doubt: SignStashError | undefined;
}

/** The service refused the request because it has these references already. */
interface Taken extends Group {
  readonly state: 'taken';
  readonly attempt: number;
  readonly refusal: SignStashError;
  readonly doubt: SignStashError | undefined;
}

/** An operation is known for these documents. */
interface Named<T> extends Group {
  readonly state: 'named';
  readonly id: string;
  /** The answer to the sign request, if that is where the operation comes from. */
  readonly answer?: OperationOf<T>;
}

/** How many look-ups run at once. */
const parallelLookups = 8;

/** The longest pause between two looks at the same thing. Milliseconds. */
const maxPollMs = 10_000;

/**
 * Signs a group of documents so that each is signed at most once, whatever fails on the way, and reports every one of them
 * exactly once through `onOutcome`. Never rejects.
 *
 * A document ends as signed, as failed if the service says so or never got it, as pending, or as unknown.
 */
export async function signExactlyOnce<T>(
  documents: readonly PreparedDocument[],
  options: SignExactlyOnceOptions<T>,
): Promise<void> {
  await new SignAttempt(options).run(documents);
}

class SignAttempt<T> {
  readonly #options: SignExactlyOnceOptions<T>;
  readonly #calls: ServiceCalls;
  readonly #policy: RetryPolicy;

  constructor(options: SignExactlyOnceOptions<T>) {
    this.#options = options;
    this.#calls = options.calls;
    this.#policy = options.policy;
  }

  async run(documents: readonly PreparedDocument[]): Promise<void> {
    const states: State<T>[] = [this.#start(documents)];
    for (let next = states.shift(); next; next = states.shift()) {
      if (next.documents.length > 0) states.unshift(...(await this.#step(next)));
    }
  }

  #start(documents: readonly PreparedDocument[]): State<T> {
    const { lookUpFirst, mayHaveBeenSent } = this.#options;
    if (mayHaveBeenSent) return { state: 'in doubt', documents, attempt: 0, doubt: undefined };
    if (lookUpFirst && this.#calls.canQuery) return { state: 'look up', documents };
    return { state: 'send', documents, attempt: 1 };
  }

  /** One transition: what becomes of a group. Documents that are in none of the states returned have been reported. */
  #step(state: State<T>): Promise<readonly State<T>[]> {
    switch (state.state) {
      case 'look up':
        return this.#lookUp(state);
      case 'send':
        return this.#send(state);
      case 'search':
        return this.#search(state);
      case 'refused':
        return this.#resolveRefusal(state);
      case 'in doubt':
        return this.#resolveDoubt(state);
      case 'taken':
        return this.#resolveTaken(state);
      case 'named':
        return this.#follow(state);
    }
  }

  async #lookUp({ documents }: LookUp): Promise<readonly (Named<T> | Send)[]> {
    const { found, missing, failed } = await this.#lookUpAll(documents);
    for (const [document, error] of failed) this.#fail([document], lookupFailed(document, error));
    return [...found, { state: 'send', documents: missing, attempt: 1 }];
  }

  async #send(state: Send): Promise<readonly State<T>[]> {
    const answer = await this.#request(state.documents);
    return 'error' in answer ? this.#afterFailure(state, answer.error) : [answer];
  }

  /** Sends one request. */
  async #request(documents: readonly PreparedDocument[]): Promise<Named<T> | { error: SignStashError }> {
    const { calls, endpoint, body, store, contentFrom, beforeSend, signal, timeoutMs } = this.#options;
    try {
      throwIfAborted(signal);
      await beforeSend?.(documents);
      const wanted = (store && contentFrom === 'answer' ? store : dropContent) as ContentStore<T>;
      const answer = await calls.sign(endpoint, await body(documents), wanted, { signal, timeoutMs });
      return { state: 'named', documents, id: answer.id, answer };
    } catch (problem) {
      return { error: asError(problem, 'sign', signal) };
    }
  }

  async #afterFailure(state: Send, error: SignStashError): Promise<readonly State<T>[]> {
    const { documents, attempt, doubt } = state;
    switch (actionFor(error)) {
      case 'look-up':
        // An answer that cannot be read may still have named its operation.
        if (error.operationId !== undefined) return [{ state: 'named', documents, id: error.operationId }];
        return [{ state: 'in doubt', documents, attempt, doubt: error }];
      case 'look-up-only':
        return [{ state: 'taken', documents, attempt, refusal: error, doubt }];
      case 'refuse':
        return this.#afterRefusal(state, error);
      case 'divide':
        if (documents.length === 1) return this.#giveUp(state, error);
        return this.#bisect(state, error);
      case 'retry':
        if (attempt >= this.#policy.attempts) return this.#giveUp(state, error);
        return this.#sendAfter(retryDelay(this.#policy, attempt, error), { ...state, attempt: attempt + 1 });
      case 'slow-down': {
        const throttle = state.throttle ?? new ThrottleDelays(this.#policy);
        const delay = throttle.next(error);
        return delay === undefined ? this.#giveUp(state, error) : this.#sendAfter(delay, { ...state, throttle });
      }
      case 'renew-token':
      case 'stop':
      case 'fail':
        return this.#giveUp(state, error);
    }
  }

  /** One bad document must not fail the others. */
  #afterRefusal(state: Send, refusal: SignStashError): readonly State<T>[] {
    const { documents } = state;
    if (documents.length === 1) return [{ state: 'refused', documents, refusal, from: state }];
    const named = findNamedDocuments(refusal as ErrorBody, documents);
    if (named.length > 0) {
      const rest = documents.filter((document) => !named.includes(document));
      if (rest.length > 0) this.#split(state, refusal);
      return [
        { state: 'refused', documents: named, refusal, from: state },
        { ...state, documents: rest },
      ];
    }
    if (state.onRefusal === 'bisect') return this.#bisect(state, refusal);
    this.#split(state, refusal);
    return [{ state: 'search', documents, setAside: [], from: state }];
  }

  /** A refusal may also mean that the service has the document, in words unknown to this version: that counts more. */
  async #resolveRefusal({ documents, refusal, from }: Refused): Promise<readonly Named<T>[]> {
    const { found } = this.#calls.canQuery ? await this.#lookUpAll(documents) : { found: [] };
    const known = new Set(found.flatMap((group) => group.documents));
    this.#giveUp({ ...from, documents: documents.filter((document) => !known.has(document)) }, refusal);
    return found;
  }

  /** Halves the suspects until one is left; whatever need not be sent to find it waits, so that few requests are needed. */
  async #search({ documents, setAside, from }: Search): Promise<readonly State<T>[]> {
    const rest: Send = { ...from, documents: setAside, onRefusal: 'bisect' };
    if (documents.length === 1) return [{ ...from, documents }, rest];
    const [first, second] = halves(documents);
    const answer = await this.#request(first);
    if (!('error' in answer)) return [answer, { state: 'search', documents: second, setAside, from }];
    if (actionFor(answer.error) !== 'refuse') {
      const next = await this.#afterFailure({ ...from, documents: first }, answer.error);
      return [...next, { state: 'search', documents: second, setAside, from }];
    }
    if (first.length > 1) return [{ state: 'search', documents: first, setAside: [...second, ...setAside], from }];
    return [
      { state: 'refused', documents: first, refusal: answer.error, from },
      { ...rest, documents: [...second, ...setAside] },
    ];
  }

  #bisect(state: Send, error: SignStashError): readonly Send[] {
    this.#split(state, error);
    return halves(state.documents).map((documents) => ({ ...state, documents }));
  }

  /** Looks for what was sent; what stays unknown after the grace period is sent again. */
  async #resolveDoubt({ documents, attempt, doubt }: InDoubt): Promise<readonly (Named<T> | Send)[]> {
    const { calls, timeoutMs } = this.#options;
    const why = doubt?.message ?? 'An earlier run may have sent it.';
    if (!calls.canQuery) return this.#leaveUnknown(documents, why, doubt);
    const grace = graceMs(this.#policy, calls.signTimeoutMs({ timeoutMs }));
    const limit = Math.max(grace, retryDelay(this.#policy, Math.max(1, attempt), doubt));
    const { found, missing } = await this.#lookUpFor(limit, documents, why);
    if (missing.length === 0) return found;
    if (!calls.notFoundIsConclusive) {
      const reason = `${why} The SaaS does not find it, which proves nothing for a document sent through the proxy.`;
      return [...found, ...this.#leaveUnknown(missing, reason, doubt)];
    }
    if (attempt >= this.#policy.attempts) return [...found, ...this.#leaveUnknown(missing, why, doubt)];
    return [...found, { state: 'send', documents: missing, attempt: attempt + 1, doubt }];
  }

  /** Looks for what the service says it has. */
  async #resolveTaken({ documents, attempt, refusal, doubt }: Taken): Promise<readonly (Named<T> | Send)[]> {
    const { calls } = this.#options;
    const hint = doubt
      ? undefined
      : 'The reference is taken by an earlier request: look it up, or use a new reference.';
    if (!calls.canQuery) return this.#leaveUnknown(documents, refusal.message, refusal, hint);
    if (doubt === undefined && calls.notFoundIsConclusive) {
      // This run has sent none of these before: those that are found explain the refusal, and the others may be new.
      const { found, missing } = await this.#lookUpAll(documents);
      const fresh = found.length > 0 ? await this.#outsideOf(found, missing) : [];
      if (fresh.length > 0) {
        this.#options.onSplit?.({ documents: documents.length, error: refusal });
        const others = documents.filter((document) => !fresh.includes(document));
        return [
          { state: 'send', documents: fresh, attempt },
          ...(await this.#resolveTaken({ state: 'taken', documents: others, attempt, refusal, doubt: refusal })),
        ];
      }
    }
    const { found, missing } = await this.#lookUpFor(this.#policy.pendingMs, documents, refusal.message);
    return [...found, ...this.#leaveUnknown(missing, refusal.message, refusal, hint)];
  }

  /** Those documents that none of these operations lists; none at all if an operation does not say what it lists. */
  async #outsideOf(
    operations: readonly Named<T>[],
    documents: readonly PreparedDocument[],
  ): Promise<PreparedDocument[]> {
    const { signal } = this.#options;
    const listed = new Set<string>();
    try {
      for (const { id } of operations) {
        const { documents: entries } = await this.#retryRead(() => this.#calls.detail(id, undefined, { signal }));
        if (entries.length === 0) return [];
        for (const { reference } of entries) listed.add(reference);
      }
    } catch {
      return [];
    }
    return documents.filter(({ reference }) => !listed.has(reference));
  }

  /** Reports every document from what its operation says. No state follows, whatever that is. */
  async #follow({ documents, id, answer }: Named<T>): Promise<readonly never[]> {
    const recovered = answer === undefined;
    const { signal } = this.#options;
    const known = answer ? byReference(answer) : new Map<string, OperationDocument<T>>();
    const open = answer ? await this.#applyOperation(documents, answer, { recovered }) : documents;
    if (open.length === 0) return [];
    try {
      if (!this.#calls.canQuery) throw undefined;
      if (await this.#waitUntilDone(id)) {
        const { operation, failure } = await this.#fetch(id);
        await this.#applyOperation(open, operation, { recovered, last: true, failure });
      } else for (const document of open) this.#fail([document], pending(document, id));
    } catch (problem) {
      const error = problem === undefined ? undefined : asError(problem, `operation ${id}`, signal);
      for (const document of open) {
        const status = known.get(document.reference)?.status;
        if (error && isCertain(error)) this.#fail([document], error);
        else if (status === 'SIGNED') this.#fail([document], contentUnavailable(document, id, error));
        else if (!error && status !== undefined) this.#fail([document], pending(document, id));
        else this.#fail([document], notListed(document, id, error));
      }
    }
    return [];
  }

  /**
   * Reports documents from an operation, matched by reference, never by position. Returns those that the operation may tell more
   * about later; none if this is its last word.
   *
   * @param from.failure - Why contents could not be fetched.
   */
  async #applyOperation(
    documents: readonly PreparedDocument[],
    operation: OperationOf<T>,
    from: { recovered: boolean; last?: boolean; failure?: SignStashError | undefined },
  ): Promise<PreparedDocument[]> {
    const { store, release, onOutcome } = this.#options;
    const { recovered, last = false, failure } = from;
    const { id, status } = operation;
    const entries = byReference(operation);
    const running = status === 'PENDING_EXECUTION' || status === 'EXECUTION_ERROR';
    const open: PreparedDocument[] = [];
    const used = new Set<T>();
    for (const document of documents) {
      const details = entries.get(document.reference);
      const content = details?.content;
      if (details?.status === 'SIGNED' && (content !== undefined || store === undefined)) {
        if (content !== undefined) used.add(content);
        onOutcome({ signed: true, document, operationId: id, content, details, recovered });
      } else if (details?.status !== 'SIGNED' && status === 'EXECUTION_FAILED') {
        this.#fail([document], notSigned(document, id, details?.signError, recovered));
      } else if (details?.status === 'ERROR_SIGNING' && !running) {
        this.#fail([document], notSigned(document, id, details.signError, recovered));
      } else if (!last) open.push(document);
      else if (!details) this.#fail([document], notListed(document, id));
      else if (details.status === 'SIGNED') this.#fail([document], contentUnavailable(document, id, failure));
      else this.#fail([document], pending(document, id));
    }
    for (const { content } of operation.documents) {
      if (content !== undefined && !used.has(content)) await release?.(content);
    }
    return open;
  }

  /** True once the operation is executed or has failed for good; false if it is still pending when time is up. */
  async #waitUntilDone(id: string): Promise<boolean> {
    const { signal } = this.#options;
    let waited = 0;
    for (let poll = 1; ; poll++) {
      const { status } = await this.#retryRead(() => this.#calls.status(id, { signal }));
      if (status !== 'PENDING_EXECUTION' && status !== 'EXECUTION_ERROR') return true;
      if (waited >= this.#policy.pendingMs) return false;
      const delay = this.#pollDelay(poll);
      await this.#options.platform.sleep(delay, signal);
      waited += delay;
    }
  }

  /** The operation with its documents and, if they are wanted and stored, their contents; else why those could not be fetched. */
  async #fetch(id: string): Promise<{ operation: OperationOf<T>; failure?: SignStashError }> {
    const { store, contentFrom, signal } = this.#options;
    const bare = () => this.#retryRead(() => this.#calls.detail<T>(id, undefined, { signal }));
    if (this.#calls.viaProxy || store === undefined) return { operation: await bare() };
    try {
      if (contentFrom === 'answer') {
        return { operation: await this.#retryRead(() => this.#calls.detail(id, store, { signal })) };
      }
      const operation = await bare();
      if (!operation.documents.some((document) => document.status === 'SIGNED')) return { operation };
      const files = await this.#retryRead(() => this.#calls.documents(id, store, { signal }));
      // The longest matching reference: one reference may be the beginning of another.
      const byLength = [...operation.documents].sort((a, b) => b.reference.length - a.reference.length);
      for (const { entryName, content } of files) {
        const document = byLength.find(({ reference }) => entryName.startsWith(`${reference}.`));
        if (document) document.content = content;
      }
      return { operation };
    } catch (problem) {
      const error = asError(problem, `operation ${id}`, signal);
      if (isCertain(error)) throw error;
      // Without contents, the state may still be told.
      return { operation: await bare(), failure: error };
    }
  }

  /** Looks up again and again until everything is found or time is up. What failed to the last is reported as unknown. */
  async #lookUpFor(
    limitMs: number,
    documents: readonly PreparedDocument[],
    why: string,
  ): Promise<{ found: Named<T>[]; missing: readonly PreparedDocument[] }> {
    const found: Named<T>[] = [];
    let rest = documents;
    for (let poll = 1, waited = 0; ; poll++) {
      const round = await this.#lookUpAll(rest);
      found.push(...round.found);
      rest = rest.filter((document) => round.missing.includes(document) || round.failed.has(document));
      const stopped = [...round.failed.values()].some((error) => isCertain(error) || actionFor(error) === 'stop');
      if (rest.length === 0 || waited >= limitMs || stopped) {
        for (const [document, error] of round.failed) {
          if (isCertain(error)) this.#fail([document], error);
          else this.#leaveUnknown([document], `${why} ${error.message}`, error);
        }
        if (!stopped) return { found, missing: round.missing };
        const [error] = round.failed.values();
        if (error && isCertain(error)) this.#fail(round.missing, error);
        else this.#leaveUnknown(round.missing, why, error);
        return { found, missing: [] };
      }
      const delay = Math.min(this.#pollDelay(poll), limitMs - waited);
      if (!(await this.#sleep(rest, delay))) return { found, missing: [] };
      waited += delay;
    }
  }

  /** Looks every reference up once. Documents of one operation come together. */
  async #lookUpAll(documents: readonly PreparedDocument[]): Promise<{
    found: Named<T>[];
    missing: PreparedDocument[];
    failed: Map<PreparedDocument, SignStashError>;
  }> {
    const { signal } = this.#options;
    const operations = new Map<string, PreparedDocument[]>();
    const missing = new Set<PreparedDocument>();
    const failed = new Map<PreparedDocument, SignStashError>();
    let stop: SignStashError | undefined;
    await inParallel(documents, parallelLookups, async (document) => {
      try {
        if (stop) throw stop;
        const id = await this.#retryRead(() => this.#calls.operationId(document.reference, { signal }));
        if (id === undefined) missing.add(document);
        else operations.set(id, [...(operations.get(id) ?? []), document]);
      } catch (problem) {
        const error = asError(problem, 'look up', signal);
        if (actionFor(error) === 'stop') stop = error;
        failed.set(document, error);
      }
    });
    const found = [...operations].map(([id, group]) => ({ state: 'named' as const, documents: group, id }));
    // Parallel answers come in any order; requests keep the caller's.
    return { found, missing: documents.filter((document) => missing.has(document)), failed };
  }

  #retryRead<R>(read: () => Promise<R>): Promise<R> {
    const { platform, policy, signal } = this.#options;
    return retryRead(read, { platform, policy, signal });
  }

  #pollDelay(poll: number): number {
    return retryDelay({ ...this.#policy, maxDelayMs: Math.min(this.#policy.maxDelayMs, maxPollMs) }, poll);
  }

  async #sendAfter(milliseconds: number, state: Send): Promise<readonly Send[]> {
    return (await this.#sleep(state.documents, milliseconds)) ? [state] : [];
  }

  /** Waits; false, with the documents reported, if the caller aborts meanwhile. */
  async #sleep(documents: readonly PreparedDocument[], milliseconds: number): Promise<boolean> {
    const { platform, signal } = this.#options;
    try {
      await platform.sleep(milliseconds, signal);
      return true;
    } catch (problem) {
      this.#fail(documents, asError(problem, 'sign', signal));
      return false;
    }
  }

  #split(state: Send, error: SignStashError): void {
    this.#options.onSplit?.({ documents: state.documents.length, error });
  }

  /** The last attempt failed: that settles the outcome, unless an earlier attempt left it open. */
  #giveUp({ documents, doubt }: Send, error: SignStashError): readonly never[] {
    if (documents.length > 0 && doubt && !isCertain(error))
      return this.#leaveUnknown(documents, `${doubt.message} ${error.message}`, error);
    for (const document of documents) this.#fail([document], refused(document, error));
    return [];
  }

  #leaveUnknown(
    documents: readonly PreparedDocument[],
    why: string,
    cause?: SignStashError,
    hint?: string,
  ): readonly never[] {
    if (documents.length > 0) this.#fail(documents, unknown(documents, why, cause, hint));
    return [];
  }

  #fail(documents: readonly PreparedDocument[], error: SignStashError): void {
    for (const document of documents) this.#options.onOutcome({ signed: false, document, error });
  }
}

/** Errors that say all there is to say, whatever was sent before: the caller's own doing. */
const isCertain = ({ code }: SignStashError) => code === 'ABORTED' || code === 'OUTPUT_FAILED';

const dropContent: ContentStore<undefined> = () => ({ write() {}, finish: () => undefined, discard() {} });

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

function halves<D>(items: readonly D[]): [D[], D[]] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

async function inParallel<I>(items: readonly I[], atOnce: number, work: (item: I) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
