import { actionFor } from '../api/error-table.ts';
import type { OperationOf } from '../api/response/operation.ts';
import type { ContentStore } from '../api/response/signed-content-reader.ts';
import type { ErrorBody, SignStashError } from '../errors/errors.ts';
import { type ContentCheckSettings, type ContentHandling, checkOutcomes } from './checked-outcomes.ts';
import type { PreparedDocument } from './document-input.ts';
import type { RetryEvent } from './hooks.ts';
import { LookUps, type LookupResult } from './look-ups.ts';
import { findNamedDocuments } from './named-documents.ts';
import { OperationResults } from './operation-results.ts';
import { asError, isCertain, lookupFailed, type Outcome, refused, type Split, unknown } from './outcome.ts';
import type { Platform } from './platform.ts';
import { graceMs, type RetryPolicy, retryDelay, ThrottleDelays } from './retry-policy.ts';
import { retryRead, throwIfAborted } from './retry-read.ts';
import type { ServiceCalls } from './service-calls.ts';
import type { RequestBody } from './transport.ts';

export interface SignExactlyOnceOptions<T> extends ContentHandling<T> {
  readonly contentCheck: ContentCheckSettings;
  readonly calls: ServiceCalls;
  readonly platform: Platform;
  readonly policy: RetryPolicy;
  readonly body: (documents: readonly PreparedDocument[]) => Promise<RequestBody>;
  readonly endpoint: 'sign' | 'signMultipart';
  /** Where signed contents go; undefined if the caller wants none. */
  readonly store: ContentStore<T> | undefined;
  /** Discards content that belongs to none of the documents. */
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
  /** Called before a request that failed is repeated. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** What a caller of `signPreparedWith` provides; the client adds the rest. */
export type SignRun<T> = Pick<SignExactlyOnceOptions<T>, 'store' | 'onOutcome'> &
  Partial<
    Pick<SignExactlyOnceOptions<T>, 'beforeSend' | 'release' | 'mayHaveBeenSent' | 'onSplit' | 'openContent' | 'reject'>
  >;

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

/**
 * Signs a group of documents so that each is signed at most once, whatever fails on the way, and reports every one of them
 * exactly once through `onOutcome`. Never rejects.
 *
 * A document ends as signed, as failed (reported by the service, or never received by it), as pending, or as unknown.
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
  readonly #lookUps: LookUps;
  readonly #results: OperationResults<T>;

  constructor(options: SignExactlyOnceOptions<T>) {
    this.#options = options;
    this.#calls = options.calls;
    this.#policy = options.policy;
    this.#lookUps = new LookUps(options);
    this.#results = new OperationResults(options);
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

  /** One state transition of a group. Documents in none of the returned states have been reported. */
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
    const { found, missing, failed } = await this.#lookUps.once(documents);
    for (const [document, error] of failed) this.#fail([document], lookupFailed(document, error));
    return [...named<T>(found), { state: 'send', documents: missing, attempt: 1 }];
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
      const answer = await calls.sign(endpoint, await body(documents), wanted, {
        signal,
        timeoutMs,
        references: documents.map(({ reference }) => reference),
      });
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
        return this.#sendAfter(retryDelay(this.#policy, attempt, error), error, state, { attempt: attempt + 1 });
      case 'slow-down': {
        const throttle = state.throttle ?? new ThrottleDelays(this.#policy);
        const delay = throttle.next(error);
        return delay === undefined ? this.#giveUp(state, error) : this.#sendAfter(delay, error, state, { throttle });
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
    const culprits = findNamedDocuments(refusal as ErrorBody, documents);
    if (culprits.length > 0) {
      const rest = documents.filter((document) => !culprits.includes(document));
      if (rest.length > 0) this.#split(state, refusal);
      return [
        { state: 'refused', documents: culprits, refusal, from: state },
        { ...state, documents: rest },
      ];
    }
    if (state.onRefusal === 'bisect') return this.#bisect(state, refusal);
    this.#split(state, refusal);
    return [{ state: 'search', documents, setAside: [], from: state }];
  }

  /** A refusal may also mean that the service has the document, in a wording that this version does not know: that takes precedence. */
  async #resolveRefusal({ documents, refusal, from }: Refused): Promise<readonly Named<T>[]> {
    const { found } = this.#calls.canQuery ? await this.#lookUps.once(documents) : { found: [] };
    const known = new Set(found.flatMap((operation) => operation.documents));
    this.#giveUp({ ...from, documents: documents.filter((document) => !known.has(document)) }, refusal);
    return named(found);
  }

  /** Bisects the suspects until one is left; documents that are not needed for the search wait, so that few requests are sent. */
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
    const { missing, ...result } = await this.#lookUps.until(limit, documents);
    const found = this.#foundIn(result, why);
    if (missing.length === 0) return found;
    if (!calls.notFoundIsConclusive) {
      const reason = `${why} The SaaS does not find it, which proves nothing for a document sent through the proxy.`;
      return [...found, ...this.#leaveUnknown(missing, reason, doubt)];
    }
    if (attempt >= this.#policy.attempts) return [...found, ...this.#leaveUnknown(missing, why, doubt)];
    if (doubt) this.#reportRetry(missing, attempt, 0, doubt);
    return [...found, { state: 'send', documents: missing, attempt: attempt + 1, doubt }];
  }

  /** Looks for what the service says it has. */
  async #resolveTaken({ documents, attempt, refusal, doubt }: Taken): Promise<readonly (Named<T> | Send | Taken)[]> {
    const { calls, onSplit } = this.#options;
    const hint = doubt
      ? undefined
      : 'The reference is taken by an earlier request: look it up, or use a new reference.';
    if (!calls.canQuery) return this.#leaveUnknown(documents, refusal.message, refusal, hint);
    if (doubt === undefined && calls.notFoundIsConclusive) {
      // This run has sent none of these before: those that are found explain the refusal, and the others may be new.
      const { found, missing } = await this.#lookUps.once(documents);
      const fresh = found.length > 0 ? await this.#outsideOf(found, missing) : [];
      if (fresh.length > 0) {
        onSplit?.({ documents: documents.length, error: refusal });
        const others = documents.filter((document) => !fresh.includes(document));
        return [
          { state: 'send', documents: fresh, attempt },
          { state: 'taken', documents: others, attempt, refusal, doubt: refusal },
        ];
      }
    }
    const result = await this.#lookUps.until(this.#policy.pendingMs, documents);
    const found = this.#foundIn(result, refusal.message);
    return [...found, ...this.#leaveUnknown(result.missing, refusal.message, refusal, hint)];
  }

  /** Those documents that none of these operations lists; none at all if an operation does not say what it lists. */
  async #outsideOf(
    operations: LookupResult['found'],
    documents: readonly PreparedDocument[],
  ): Promise<PreparedDocument[]> {
    const { signal } = this.#options;
    const listed = new Set<string>();
    try {
      for (const { id } of operations) {
        const { documents: entries } = await retryRead(
          () => this.#calls.detail(id, undefined, { signal }),
          this.#options,
        );
        if (entries.length === 0) return [];
        for (const { reference } of entries) listed.add(reference);
      }
    } catch {
      return [];
    }
    return documents.filter(({ reference }) => !listed.has(reference));
  }

  /** Reports every document from what its operation says. No state follows. */
  async #follow({ documents, id, answer }: Named<T>): Promise<readonly never[]> {
    await this.#results.report(documents, id, answer);
    return [];
  }

  /** What look-ups found; what they failed for stays unknown. */
  #foundIn({ found, failed }: Omit<LookupResult, 'missing'>, why: string): readonly Named<T>[] {
    for (const [document, error] of failed) {
      if (isCertain(error)) this.#fail([document], error);
      else this.#leaveUnknown([document], `${why} ${error.message}`, error);
    }
    return named(found);
  }

  async #sendAfter(
    delayMs: number,
    error: SignStashError,
    state: Send,
    changes: Partial<Send>,
  ): Promise<readonly Send[]> {
    this.#reportRetry(state.documents, state.attempt, delayMs, error);
    return (await this.#sleep(state.documents, delayMs)) ? [{ ...state, ...changes }] : [];
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

  #reportRetry(documents: readonly PreparedDocument[], attempt: number, delayMs: number, error: SignStashError): void {
    const { code, message } = error;
    const references = documents.map(({ reference }) => reference);
    this.#options.onRetry?.({ call: 'sign', attempt, delayMs, code, message, references });
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

const dropContent: ContentStore<undefined> = () => ({ write() {}, finish: () => undefined, discard() {} });

function halves<D>(items: readonly D[]): [D[], D[]] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

const named = <T>(found: LookupResult['found']): Named<T>[] =>
  found.map(({ id, documents }) => ({ state: 'named', id, documents }));
