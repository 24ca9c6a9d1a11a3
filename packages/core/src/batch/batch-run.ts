import { maxDocumentsPerRequest } from '../api/assumptions.ts';
import type { DocumentSource } from '../api/request/document-source.ts';
import { errorCodes } from '../errors/codes.ts';
import {
  AbortedError,
  ConfigurationError,
  DocumentFailedError,
  isSignStashError,
  type SignStashError,
} from '../errors/errors.ts';
import { documentContent, type OpenedContent } from '../files/document-content.ts';
import type { PreparedDocument } from '../signing/document-input.ts';
import { duplicateReference } from '../signing/prepare.ts';
import type { Outcome, SignedOutcome } from '../signing/sign-exactly-once.ts';
import { mapConcurrent } from '../utils/map-concurrent.ts';
import { raceTimeout } from '../utils/race-timeout.ts';
import { takeUntilAborted } from '../utils/take-until-aborted.ts';
import { BatchPacker } from './batch-packer.ts';
import { openInput } from './input.ts';
import { Journal, type JournalEntry } from './journal.ts';
import type { BatchDocument, BatchInput, BatchOptions, BatchResult, BatchSummary } from './options.ts';
import { type Content, Outputs } from './outputs.ts';
import { Progress } from './progress.ts';
import { ResultQueue } from './result-queue.ts';
import type { BatchClient } from './sign-all.ts';

/** A document that is ready to be sent. */
interface Ready {
  readonly document: PreparedDocument;
  /** Undefined where contents stay in memory. */
  readonly target: string | undefined;
  /** An earlier run may have sent it. */
  readonly inDoubt: boolean;
  readonly release: () => Promise<void>;
}

/** A document that the service sealed. */
interface Sealed {
  readonly ready: Ready;
  readonly outcome: SignedOutcome<Content>;
  readonly durationMs: number;
}

/** A document that it did not seal, as far as is known. */
interface Unsealed {
  readonly ready: Ready;
  readonly error: SignStashError;
}

/** How long documents wait for company in their request where the source is slow. Milliseconds. */
const lingerMs = 200;

/** Documents that were read for their checks wait in memory for their request up to this much. Bytes. */
const maxKeptBytes = 24 * 1024 * 1024;

/** How many documents are opened, checked and hashed at once. */
const preparedAtOnce = 8;

/** After these, every other document would fail the same way. */
const pointless: ReadonlySet<string> = new Set(['configuration', 'credentials', 'quota']);

/** One run of a batch. Split from `signAll` only to have its state in one place. */
export class BatchRun {
  readonly #client: BatchClient;
  readonly #input: BatchInput;
  readonly #options: BatchOptions;
  readonly #progress: Progress;
  /** Ends everything, requests under way too. */
  readonly #stop = new AbortController();
  /** Ends reading and sending. Requests under way go on: stopping them would only put their documents in doubt. */
  readonly #noMore = new AbortController();
  readonly #batchSize: number;
  readonly #concurrency: number;
  readonly #maxRequestBytes: number;
  readonly #outputs: Outputs;
  readonly #queue: ResultQueue;
  readonly #references = new Map<string, string>();
  readonly #requests = new Set<Promise<void>>();
  #journal: Journal | undefined;
  #keptBytes = 0;
  #failure: { error: unknown } | undefined;
  /** Why nothing more is sent. */
  #halt: SignStashError | undefined;

  /** @throws {@link ConfigurationError} naming the option that is out of range. */
  constructor(client: BatchClient, input: BatchInput, options: BatchOptions) {
    this.#client = client;
    this.#input = input;
    this.#options = options;
    this.#progress = new Progress(options.onProgress);
    this.#batchSize = inRange('batchSize', options.batchSize ?? 50, maxDocumentsPerRequest);
    this.#concurrency = inRange('concurrency', options.concurrency ?? 4, 64);
    const bytes = options.maxRequestBytes ?? defaultMaxRequestBytes;
    this.#maxRequestBytes = inRange('maxRequestBytes', bytes, Number.MAX_SAFE_INTEGER);
    this.#outputs = new Outputs(options, client);
    // Enough to keep every request full while the documents of the next one are prepared.
    const requests = this.#concurrency + 1;
    this.#queue = new ResultQueue({
      documents: this.#batchSize * requests,
      bytes: this.#maxRequestBytes * requests,
      documentsAtLeast: requests,
    });
  }

  get summary(): BatchSummary {
    return this.#progress.summary;
  }

  async *results(): AsyncGenerator<BatchResult> {
    const { signal, journal } = this.#options;
    const follow = () => this.#end(signal?.reason);
    if (signal?.aborted) follow();
    signal?.addEventListener('abort', follow, { once: true });
    let reading: Promise<void> | undefined;
    try {
      this.#journal = journal === undefined ? undefined : await Journal.open(journal);
      let finished = false;
      reading = this.#readAndSend()
        .catch((error: unknown) => {
          this.#failure = { error };
        })
        .finally(() => {
          finished = true;
          this.#queue.wake();
        });
      for (;;) {
        const next = this.#queue.take();
        if (next) {
          this.#progress.count(next.result, next.bytes);
          yield next.result;
        } else if (finished) break;
        else await this.#queue.change();
      }
      this.#progress.report();
      if (this.#failure) throw this.#failure.error;
      if (signal?.aborted) throw new AbortedError('The caller stopped the batch.', { cause: signal.reason });
    } finally {
      this.#end(undefined);
      await reading;
      signal?.removeEventListener('abort', follow);
      await this.#journal?.close();
    }
  }

  #end(reason: unknown): void {
    this.#stop.abort(reason);
    this.#noMore.abort();
    this.#queue.wake();
  }

  /** Reads documents as fast as results are taken, and sends them as they fill requests. */
  async #readAndSend(): Promise<void> {
    const { documents, total } = await openInput(this.#input, this.#options);
    this.#progress.total = total;
    const fresh = new BatchPacker<Ready>(this.#batchSize, this.#maxRequestBytes);
    // Kept apart, since what may have been sent a moment ago is asked for with more patience.
    const doubtful = new BatchPacker<Ready>(this.#batchSize, this.#maxRequestBytes);
    const packers = [doubtful, fresh];
    const prepared = this.#prepared(documents);
    try {
      for (let next = prepared.next(); ; ) {
        const ready = await raceTimeout(next, lingerMs);
        if (ready === 'late') {
          // The source is slow: what it gave so far need not wait for company, while there is room for a request.
          if (this.#requests.size < this.#concurrency) for (const packer of packers) await this.#send(packer.flush());
          continue;
        }
        if (ready.done) break;
        next = prepared.next();
        if (!ready.value) continue;
        const packer = ready.value.inDoubt ? doubtful : fresh;
        for (const group of packer.add(ready.value, ready.value.document.source.size)) await this.#send(group);
      }
      for (const packer of packers) await this.#send(packer.flush());
    } finally {
      await Promise.all(this.#requests);
    }
  }

  /** Prepares a few documents ahead, in order; undefined stands for one that need not or must not be sent. */
  #prepared(documents: Iterable<BatchDocument> | AsyncIterable<BatchDocument>): AsyncGenerator<Ready | undefined> {
    const room = async () => {
      while (this.#queue.full && !this.#stopped) await this.#queue.change();
    };
    let position = 0;
    const prepare = (document: BatchDocument) => {
      this.#queue.enter();
      return this.#prepare(document, ++position);
    };
    return mapConcurrent(takeUntilAborted(documents, this.#noMore.signal, room), prepare, preparedAtOnce);
  }

  /** True once nothing more may be sent. */
  get #stopped(): boolean {
    return this.#noMore.signal.aborted;
  }

  async #prepare(input: BatchDocument, position: number): Promise<Ready | undefined> {
    let release: (() => Promise<void>) | undefined;
    let reference = input.reference ?? '';
    let name = input.name ?? (typeof input.content === 'string' ? input.content : `document ${position}`);
    let bytes = 0;
    try {
      const opened = await documentContent(input.content, this.#stop.signal);
      release = opened.release;
      bytes = opened.source.size;
      this.#queue.addBytes(bytes);
      name = input.name ?? opened.name ?? name;
      const given = { ...input, ...(opened.name === undefined ? {} : { name }), content: opened.source };
      const checked = await this.#client.prepare(given, position, this.#call);
      ({ reference, name } = checked);
      const free = this.#keep(opened);
      release = async () => {
        free();
        await opened.release?.();
      };
      const document = { ...checked, source: whenRead(checked.source, free) };
      this.#assertUniqueReference(document);
      const target = this.#outputs.claim({ name, path: opened.path, output: input.output });
      const known = this.#journal?.find(reference);
      const earlier = target === undefined ? undefined : await this.#outputs.finishedEarlier(document, target, known);
      if (earlier) {
        await release?.();
        this.#report(earlier, bytes);
        return undefined;
      }
      const inDoubt = known?.event === 'sending' || known?.event === 'sealed';
      return { document, target, inDoubt, release };
    } catch (problem) {
      await release?.();
      this.#report({ ok: false, reference, name, error: asError(problem, name) }, bytes);
      return undefined;
    }
  }

  /** Lets a few documents wait in memory, where reading them again would cost more than it saves; gives what ends that. */
  #keep({ source, forget }: OpenedContent): () => void {
    if (!forget) return () => {};
    let bytes = this.#keptBytes + source.size <= maxKeptBytes ? source.size : 0;
    this.#keptBytes += bytes;
    const free = () => {
      this.#keptBytes -= bytes;
      bytes = 0;
      forget();
    };
    if (bytes === 0) free();
    return free;
  }

  /** @throws {@link ValidationError} `DUPLICATE_REFERENCE` */
  #assertUniqueReference(document: PreparedDocument): void {
    const twin = this.#references.get(document.reference);
    if (twin !== undefined) throw duplicateReference(document.name, twin, document.reference);
    this.#references.set(document.reference, document.name);
  }

  /** Starts a request as soon as one of those under way is done. */
  async #send(group: readonly Ready[]): Promise<void> {
    if (group.length === 0) return;
    while (this.#requests.size >= this.#concurrency) await Promise.race(this.#requests);
    if (this.#stopped) {
      for (const ready of group) await this.#fail(ready, this.#halt ?? unsent(ready.document.name));
      return;
    }
    const request: Promise<void> = this.#request(group).finally(() => this.#requests.delete(request));
    this.#requests.add(request);
  }

  /** Sends one group; never rejects, since every failure is some document's result. */
  async #request(group: readonly Ready[]): Promise<void> {
    const started = performance.now();
    const open = new Map(group.map((ready) => [ready.document.reference, ready]));
    const sealed: Sealed[] = [];
    const unsealed: Unsealed[] = [];
    const onOutcome = (outcome: Outcome<Content>) => {
      const { reference } = outcome.document;
      const ready = open.get(reference) as Ready;
      open.delete(reference);
      if (outcome.sealed) sealed.push({ ready, outcome, durationMs: performance.now() - started });
      else unsealed.push({ ready, error: outcome.error });
    };
    const documents = group.map(({ document }) => document);
    try {
      await this.#client.seal<Content>(documents, this.#call, {
        store: await this.#outputs.store(group.map(({ target }) => target)),
        release: (content) => this.#outputs.release(content),
        openContent: (content) => this.#outputs.open(content),
        reject: (content, { reference }) => this.#outputs.reject(content, open.get(reference)?.target),
        beforeSend: async (sent) => {
          await this.#journal?.write(sent.map(({ reference }) => ({ event: 'sending', reference })));
        },
        mayHaveBeenSent: group.some(({ inDoubt }) => inDoubt),
        onOutcome,
      });
    } catch (problem) {
      for (const ready of open.values()) unsealed.push({ ready, error: asError(problem, ready.document.name) });
    }
    await this.#finish(sealed, unsealed);
  }

  /** Saves what was sealed, has the journal say so, and only then reports it. */
  async #finish(sealed: readonly Sealed[], unsealed: readonly Unsealed[]): Promise<void> {
    const delivered = await this.#outputs.deliver(
      sealed.map(({ ready: { target, inDoubt }, outcome, durationMs }) => ({
        outcome,
        target,
        replace: inDoubt,
        durationMs,
      })),
    );
    try {
      const refused = unsealed.flatMap(({ ready, error }) => failedEntry(ready.document.reference, error));
      await this.#journal?.write([...delivered.flatMap(sealedEntry), ...refused]);
    } catch (problem) {
      // The documents are where they should be; the journal holds them in doubt, so that the next run asks.
      this.#stopFor(asError(problem, 'journal'));
    }
    for (const [index, { ready }] of sealed.entries()) await this.#settle(ready, delivered[index] as BatchResult);
    for (const { ready, error } of unsealed) await this.#fail(ready, error);
  }

  #fail(ready: Ready, error: SignStashError): Promise<void> {
    const { reference, name } = ready.document;
    return this.#settle(ready, { ok: false, reference, name, error });
  }

  async #settle(ready: Ready, result: BatchResult): Promise<void> {
    await ready.release().catch(() => {
      // A temporary file that cannot be removed is no reason to lose a result.
    });
    this.#report(result, ready.document.source.size);
  }

  #report(result: BatchResult, bytes: number): void {
    if (!result.ok && isPointless(result.error)) this.#stopFor(result.error);
    this.#queue.put(result, bytes);
  }

  /** Nothing more is read or sent; what is under way ends as it would. */
  #stopFor(error: SignStashError): void {
    this.#progress.stoppedBy(error);
    this.#halt ??= error;
    this.#noMore.abort();
    this.#queue.wake();
  }

  /** Options of every call: the caller's, under the batch's own signal. */
  get #call(): BatchOptions {
    return { ...this.#options, signal: this.#stop.signal };
  }
}

/** A little more than 50 documents of a megabyte; the vendor's own sizing goes to 500 MB. */
const defaultMaxRequestBytes = 64 * 1024 * 1024;

/** A source that tells when its content is on its way: what was kept of it need not be any more, and a retry reads it again. */
function whenRead(source: DocumentSource, tell: () => void): DocumentSource {
  return {
    size: source.size,
    slice: (start, end) => source.slice(start, end),
    async *read() {
      for await (const chunk of source.read()) {
        tell();
        yield chunk;
      }
    },
  };
}

function inRange(setting: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new ConfigurationError(
    'CONFIGURATION_INVALID',
    setting,
    `${setting} is ${value}: use a whole number from 1 to ${most}.`,
  );
}

function sealedEntry(result: BatchResult): JournalEntry[] {
  if (!result.ok) return [];
  const { reference, operationId, outputPath: output } = result;
  const place = {
    ...(operationId === undefined ? {} : { operationId }),
    ...(output === undefined ? {} : { output }),
  };
  return [{ event: 'sealed', reference, ...place }];
}

/** Only a failure that leaves no doubt is recorded; otherwise the journal keeps the document in doubt. */
function failedEntry(reference: string, { code }: SignStashError): JournalEntry[] {
  return code === 'DOCUMENT_FAILED' || code === 'SERVICE_REJECTED' ? [{ event: 'failed', reference, code }] : [];
}

const unsent = (document: string) =>
  new AbortedError('The batch was stopped before this document was sent.', { document });

const isPointless = ({ code }: SignStashError) => code === 'TOKEN_REFUSED' || pointless.has(errorCodes[code].family);

function asError(problem: unknown, document: string): SignStashError {
  if (isSignStashError(problem)) return problem;
  const reason = problem instanceof Error ? problem.message : String(problem);
  return new DocumentFailedError('OUTPUT_FAILED', `${document}: ${reason}`, { document, cause: problem });
}
