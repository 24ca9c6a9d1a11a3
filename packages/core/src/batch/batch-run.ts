import { maxDocumentsPerRequest } from '../api/assumptions.ts';
import { findStopReason } from '../api/error-table.ts';
import type { DocumentSource } from '../api/request/document-source.ts';
import type { ErrorCode } from '../errors/codes.ts';
import {
  AbortedError,
  ConfigurationError,
  DocumentFailedError,
  isSignStashError,
  type SignStashError,
  ValidationError,
} from '../errors/errors.ts';
import { documentContent, type OpenedContent } from '../files/document-content.ts';
import { type DocumentLocking, documentLocking, type LockedCall, signLocked } from '../locks/locked-documents.ts';
import type { PreparedDocument } from '../signing/document-input.ts';
import type { Outcome, SignedOutcome } from '../signing/outcome.ts';
import { duplicateReference } from '../signing/prepare.ts';
import { raceTimeout, takeUntilAborted } from '../utils/abort.ts';
import { BatchPacker } from './batch-packer.ts';
import { openInput } from './input.ts';
import { Journal, type JournalEntry } from './journal.ts';
import type { BatchDocument, BatchInput, BatchOptions, BatchResult, BatchSummary } from './options.ts';
import { type Content, Outputs, type RequestOutputs } from './outputs.ts';
import { Progress } from './progress.ts';
import { ResultQueue } from './result-queue.ts';
import { SeenKeys } from './seen-keys.ts';
import type { BatchClient } from './sign-all.ts';

/** A document that is ready to be sent. */
interface PreparedItem {
  readonly document: PreparedDocument;
  /** Undefined if contents stay in memory. */
  readonly target: string | undefined;
  /** An earlier run may have sent it. */
  readonly inDoubt: boolean;
  readonly release: () => Promise<void>;
}

/** A document that the service signed. */
interface Signed {
  readonly item: PreparedItem;
  readonly outcome: SignedOutcome<Content>;
  readonly durationMs: number;
}

/** A document that was not signed, as far as is known. */
interface Failed {
  readonly item: PreparedItem;
  readonly error: SignStashError;
}

/** Default of {@link BatchOptions.lingerMs}: files on a disk are all there, so only a busy machine delays the next one. */
const defaultLingerMs = { files: 2_000, stream: 200 };

/** How much content that was read for its checks stays in memory until it is sent. Bytes. */
const maxKeptBytes = 24 * 1024 * 1024;

/** How many documents are opened, checked and hashed at once. */
const preparedAtOnce = 8;

/** The state of one `signAll` call. */
export class BatchRun {
  readonly #client: BatchClient;
  readonly #input: BatchInput;
  readonly #options: BatchOptions;
  readonly #progress: Progress;
  /** Stops everything, including requests under way. */
  readonly #stop = new AbortController();
  /** Stops reading and sending. Requests under way continue: stopping them would only put their documents in doubt. */
  readonly #stopIntake = new AbortController();
  readonly #batchSize: number;
  readonly #concurrency: number;
  readonly #maxRequestBytes: number;
  readonly #outputs: Outputs;
  readonly #queue: ResultQueue;
  readonly #locking: DocumentLocking;
  readonly #references = new SeenKeys();
  readonly #requests = new Set<Promise<void>>();
  #journal: Journal | undefined;
  #keptBytes = 0;
  #failure: { error: unknown } | undefined;
  /** Why nothing more is sent. */
  #stopReason: SignStashError | undefined;

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
    if (options.lingerMs !== undefined) inRange('lingerMs', options.lingerMs, 60_000);
    this.#outputs = new Outputs(options, client);
    this.#locking = documentLocking(options, client.locking);
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
    this.#stopIntake.abort();
    this.#queue.wake();
  }

  /** Reads documents as fast as results are taken, and sends them as they fill requests. */
  async #readAndSend(): Promise<void> {
    const { documents, total } = await openInput(this.#input, this.#options);
    this.#progress.total = total;
    const fresh = new BatchPacker<PreparedItem>(this.#batchSize, this.#maxRequestBytes);
    // Kept apart: what may have been sent a moment ago is looked up over a longer time.
    const inDoubt = new BatchPacker<PreparedItem>(this.#batchSize, this.#maxRequestBytes);
    const packers = [inDoubt, fresh];
    const lingerMs = this.#options.lingerMs ?? defaultLingerMs[total === undefined ? 'stream' : 'files'];
    const prepared = await this.#prepared(documents);
    try {
      for (let next = prepared.next(); ; ) {
        const item = await raceTimeout(next, lingerMs);
        if (item === 'late') {
          // The source is slow: send what there is while there is room for a request.
          if (this.#requests.size < this.#concurrency) for (const packer of packers) await this.#send(packer.flush());
          continue;
        }
        if (item.done) break;
        next = prepared.next();
        if (!item.value) continue;
        const packer = item.value.inDoubt ? inDoubt : fresh;
        for (const group of packer.add(item.value, item.value.document.source.size)) await this.#send(group);
      }
      for (const packer of packers) await this.#send(packer.flush());
    } finally {
      await Promise.all(this.#requests);
    }
  }

  /** Prepares a few documents ahead, in order; undefined stands for one that is not sent. */
  async #prepared(
    documents: Iterable<BatchDocument> | AsyncIterable<BatchDocument>,
  ): Promise<AsyncIterator<PreparedItem | undefined>> {
    const { pMapIterable } = await import('p-map');
    const room = async () => {
      while (this.#queue.full && !this.#stopped) await this.#queue.change();
    };
    let position = 0;
    const prepare = (document: BatchDocument) => {
      this.#queue.enter();
      return this.#prepare(document, ++position);
    };
    const inputs = takeUntilAborted(documents, this.#stopIntake.signal, room);
    return pMapIterable(inputs, prepare, { concurrency: preparedAtOnce })[Symbol.asyncIterator]();
  }

  /** True once nothing more may be sent. */
  get #stopped(): boolean {
    return this.#stopIntake.signal.aborted;
  }

  async #prepare(input: BatchDocument, position: number): Promise<PreparedItem | undefined> {
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
      const document = { ...checked, source: freeOnRead(checked.source, free) };
      this.#assertUniqueReference(document);
      const target = this.#outputs.claim({ name, path: opened.path, output: input.output });
      const known = this.#journal?.find(reference);
      const isStored = known?.event === 'signed' && (await this.#client.isStored?.(reference)) === true;
      const earlier =
        target === undefined ? undefined : await this.#outputs.finishedEarlier(document, target, known, isStored);
      if (earlier) {
        await release?.();
        this.#report(earlier, bytes);
        return undefined;
      }
      const inDoubt = known?.event === 'sending' || known?.event === 'signed';
      return { document, target, inDoubt, release };
    } catch (problem) {
      await release?.();
      this.#report({ ok: false, reference, name, error: asPrepareError(problem, name) }, bytes);
      return undefined;
    }
  }

  /** Keeps small documents in memory up to a limit. @returns What frees the memory. */
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
    const other = this.#references.add(document.reference, document.name);
    if (other !== undefined) throw duplicateReference(document.name, other, document.reference);
  }

  /** Starts a request as soon as one of those under way is done. */
  async #send(group: readonly PreparedItem[]): Promise<void> {
    if (group.length === 0) return;
    while (this.#requests.size >= this.#concurrency) await Promise.race(this.#requests);
    if (this.#stopped) {
      for (const item of group) await this.#fail(item, this.#notSent(item.document.name));
      return;
    }
    const request: Promise<void> = this.#request(group).finally(() => this.#requests.delete(request));
    this.#requests.add(request);
  }

  /** Sends one group as soon as no one else is signing its documents. Never rejects: every failure is a document's result. */
  #request(group: readonly PreparedItem[]): Promise<void> {
    return signLocked(group, this.#call, this.#locking, {
      signal: this.#stopIntake.signal,
      sign: (items, call) => this.#sendHeld(items, call),
      notSent: (item, problem) => {
        const { name } = item.document;
        return this.#fail(
          item,
          isSignStashError(problem) || !this.#stopped ? asError(problem, name) : this.#notSent(name),
        );
      },
    });
  }

  /** Sends documents whose references this process holds; never rejects. */
  async #sendHeld(group: readonly PreparedItem[], { options, run }: LockedCall): Promise<void> {
    const started = performance.now();
    const signed: Signed[] = [];
    const failed: Failed[] = [];
    const done: BatchResult[] = [];
    const open = new Map<string, PreparedItem>();
    for (const item of group) {
      const { document, target, inDoubt } = item;
      const other = target && !inDoubt ? await this.#outputs.signedMeanwhile(document, target) : undefined;
      if (!other) open.set(document.reference, item);
      else {
        done.push(other);
        await item.release().catch(() => {});
        this.#report(other, document.source.size);
      }
    }
    const items = [...open.values()];
    const targets = new Map(items.map(({ target, document }) => [document.reference, target]));
    const onOutcome = (outcome: Outcome<Content>) => {
      const { reference } = outcome.document;
      const item = open.get(reference) as PreparedItem;
      open.delete(reference);
      if (outcome.signed) signed.push({ item, outcome, durationMs: performance.now() - started });
      else failed.push({ item, error: outcome.error });
    };
    let outputs: RequestOutputs | undefined;
    try {
      if (items.length > 0) {
        outputs = await this.#outputs.open(
          items.map(({ target, document }) => ({ target, bytes: document.source.size })),
        );
        await this.#client.signPreparedWith<Content>(
          items.map(({ document }) => document),
          options,
          {
            store: outputs.store,
            release: (content) => this.#outputs.release(content),
            openContent: (content) => this.#outputs.openContent(content),
            reject: (content, { reference }) => this.#outputs.reject(content, targets.get(reference)),
            beforeSend: async (documents) => {
              await run.beforeSend(documents);
              if (!this.#journal) return;
              await this.#journal.write(documents.map(({ reference }) => ({ event: 'sending', reference })));
              // Again: writing to the disk may have taken long.
              await run.beforeSend(documents);
            },
            mayHaveBeenSent: run.mayHaveBeenSent || items.some(({ inDoubt }) => inDoubt),
            onOutcome,
            onSplit: (split) => this.#progress.split(split),
          },
        );
      }
    } catch (problem) {
      for (const item of open.values()) failed.push({ item, error: asError(problem, item.document.name) });
    }
    await this.#finish(signed, failed, done);
    await outputs?.discardUnused().catch(() => {
      // Temporary files that cannot be removed must not lose a result; the next run removes them.
    });
  }

  /** Saves signed contents, records them in the journal, and only then reports them. */
  async #finish(signed: readonly Signed[], failed: readonly Failed[], done: readonly BatchResult[]): Promise<void> {
    const delivered = await this.#outputs.deliver(
      signed.map(({ item: { target, inDoubt }, outcome, durationMs }) => ({
        outcome,
        target,
        replace: inDoubt,
        durationMs,
      })),
    );
    try {
      const refused = failed.flatMap(({ item, error }) => failedEntry(item, error));
      await this.#journal?.write([...[...done, ...delivered].flatMap(signedEntry), ...refused]);
    } catch (problem) {
      // The outputs are in place; the journal keeps the documents in doubt, so that the next run looks them up.
      this.#stopFor(asError(problem, 'journal'));
    }
    for (const [index, { item }] of signed.entries()) await this.#settle(item, delivered[index] as BatchResult);
    for (const { item, error } of failed) await this.#fail(item, error);
  }

  /** Why a document was not sent after the batch was stopped. */
  #notSent(document: string): SignStashError {
    const reason = this.#stopReason;
    if (!reason) return new AbortedError('The batch was stopped before this document was sent.', { document });
    const shared = findStopReason(reason) ?? reason;
    if (shared.document === undefined) return shared;
    // The reason is the failure of another document, with its path and its operation.
    const message = `${document} was not sent: the batch was stopped after another document failed (${reason.code}).`;
    return new AbortedError(message, { document, cause: reason, hint: 'Fix the cause of that failure and run again.' });
  }

  #fail(item: PreparedItem, error: SignStashError): Promise<void> {
    const { reference, name } = item.document;
    return this.#settle(item, { ok: false, reference, name, error });
  }

  async #settle(item: PreparedItem, result: BatchResult): Promise<void> {
    await item.release().catch(() => {
      // A temporary file that cannot be removed must not lose a result.
    });
    this.#report(result, item.document.source.size);
  }

  #report(result: BatchResult, bytes: number): void {
    if (!result.ok && isFatal(result.error)) this.#stopFor(result.error);
    this.#queue.put(result, bytes);
  }

  /** Nothing more is read or sent; requests under way are completed. */
  #stopFor(error: SignStashError): void {
    this.#progress.stoppedBy(error);
    this.#stopReason ??= error;
    this.#stopIntake.abort();
    this.#queue.wake();
  }

  /** Options of every call: the caller's, with the batch's own signal. */
  get #call(): BatchOptions {
    return { ...this.#options, signal: this.#stop.signal };
  }
}

/** A little more than 50 documents of a megabyte; the vendor's own sizing goes to 500 MB. */
const defaultMaxRequestBytes = 64 * 1024 * 1024;

/** Frees memory as soon as the content is being sent; a retry reads the file again. */
function freeOnRead(source: DocumentSource, free: () => void): DocumentSource {
  return {
    size: source.size,
    slice: (start, end) => source.slice(start, end),
    async *read() {
      for await (const chunk of source.read()) {
        free();
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

function signedEntry(result: BatchResult): JournalEntry[] {
  if (!result.ok) return [];
  const { reference, operationId, outputPath: output } = result;
  const place = {
    ...(operationId === undefined ? {} : { operationId }),
    ...(output === undefined ? {} : { output }),
  };
  return [{ event: 'signed', reference, ...place }];
}

/** Failures after which the service has nothing of the document, if this run was the only one to send it. */
const neverSigned: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ACCOUNT_REFUSED',
  'CREDENTIALS_REFUSED',
  'DOCUMENT_CHANGED',
  'DOCUMENT_UNREADABLE',
  'NETWORK_UNREACHABLE',
  'PAYLOAD_TOO_LARGE',
  'QUOTA_EXCEEDED',
  'RATE_LIMITED',
  'TOKEN_REFUSED',
  'TOKEN_UNAVAILABLE',
]);

/** Only a failure that leaves no doubt is recorded; otherwise the journal keeps the document in doubt. */
function failedEntry({ document: { reference }, inDoubt }: PreparedItem, { code }: SignStashError): JournalEntry[] {
  const saidByService = code === 'DOCUMENT_FAILED' || code === 'SERVICE_REJECTED';
  return saidByService || (!inDoubt && neverSigned.has(code)) ? [{ event: 'failed', reference, code }] : [];
}

/** An output that cannot be written costs a signature per document, so the first one stops the batch. */
const isFatal = (error: SignStashError) => error.code === 'OUTPUT_FAILED' || findStopReason(error) !== undefined;

/** Before anything is sent, an unknown error comes from the caller's own content. */
function asPrepareError(problem: unknown, document: string): SignStashError {
  if (isSignStashError(problem)) return problem;
  const reason = problem instanceof Error ? problem.message : String(problem);
  return new ValidationError('DOCUMENT_UNREADABLE', `${document} cannot be read: ${reason}`, {
    document,
    cause: problem,
  });
}

function asError(problem: unknown, document: string): SignStashError {
  if (isSignStashError(problem)) return problem;
  const reason = problem instanceof Error ? problem.message : String(problem);
  return new DocumentFailedError('OUTPUT_FAILED', `${document}: ${reason}`, { document, cause: problem });
}
