import { dirname } from 'node:path';
import { memoryStore } from '../client/content-stores.ts';
import type { PreparedDocument } from '../client/document-input.ts';
import { duplicateReference } from '../client/prepare-document.ts';
import type { Outcome } from '../client/seal-once.ts';
import { documentContent, type OpenedContent } from '../files/document-content.ts';
import { exists } from '../files/exists.ts';
import {
  commitSpooled,
  discardSpooled,
  outputExists,
  prepareDirectory,
  type SpooledFile,
  spoolStore,
  syncDirectory,
} from '../files/spooled-file.ts';
import { errorCodes } from '../protocol/error-codes.ts';
import {
  AbortedError,
  ConfigurationError,
  DocumentFailedError,
  isSignStashError,
  type SignStashError,
} from '../protocol/errors.ts';
import { maxDocumentsPerRequest } from '../protocol/inferred.ts';
import { openInput } from './input.ts';
import { Journal, type JournalEntry } from './journal.ts';
import { mapAhead } from './map-ahead.ts';
import type {
  BatchDocument,
  BatchFailed,
  BatchInput,
  BatchOptions,
  BatchResult,
  BatchSealed,
  BatchSummary,
} from './options.ts';
import { orAfter } from './or-after.ts';
import { outputPath } from './output-path.ts';
import { Packer } from './pack.ts';
import { Progress } from './progress.ts';
import type { BatchClient } from './sign-all.ts';
import { untilStopped } from './until-stopped.ts';

/** A document that is ready to be sent. */
interface Ready {
  readonly document: PreparedDocument;
  /** Undefined where contents stay in memory. */
  readonly target: string | undefined;
  /** An earlier run may have sent it. */
  readonly inDoubt: boolean;
  readonly release: () => Promise<void>;
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
  readonly #durable: boolean;
  readonly #results: { result: BatchResult; bytes: number }[] = [];
  readonly #references = new Map<string, string>();
  readonly #targets = new Set<string>();
  readonly #directories = new Set<string>();
  readonly #requests = new Set<Promise<void>>();
  #journal: Journal | undefined;
  #keptBytes = 0;
  /** Documents read and not yet given to the consumer. */
  #inHand = 0;
  #waiting: (() => void)[] = [];
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
    inRange('maxRequestBytes', options.maxRequestBytes ?? defaultMaxRequestBytes, Number.MAX_SAFE_INTEGER);
    this.#durable = options.durable ?? client.viaProxy;
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
          this.#wake();
        });
      for (;;) {
        const next = this.#results.shift();
        if (next) {
          this.#inHand--;
          this.#progress.count(next.result, next.bytes);
          this.#wake();
          yield next.result;
        } else if (finished) break;
        else await this.#change();
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
    this.#wake();
  }

  /** Reads documents as fast as results are taken, and sends them as they fill requests. */
  async #readAndSend(): Promise<void> {
    const { maxRequestBytes = defaultMaxRequestBytes, lookUpFirst } = this.#options;
    const { documents, total } = await openInput(this.#input, this.#options);
    this.#progress.total = total;
    const fresh = new Packer<Ready>(this.#batchSize, maxRequestBytes);
    // Only where new documents are not asked for anyway must those in doubt be kept apart.
    const doubtful = lookUpFirst === false ? new Packer<Ready>(this.#batchSize, maxRequestBytes) : fresh;
    const packers = [...new Set([doubtful, fresh])];
    const prepared = this.#prepared(documents);
    try {
      for (let next = prepared.next(); ; ) {
        const ready = await orAfter(next, lingerMs);
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
      while (this.#inHand >= this.#window && !this.#stopped) await this.#change();
    };
    let position = 0;
    const prepare = (document: BatchDocument) => {
      this.#inHand++;
      return this.#prepare(document, ++position);
    };
    return mapAhead(untilStopped(documents, this.#noMore.signal, room), prepare, preparedAtOnce);
  }

  /** True once nothing more may be sent. */
  get #stopped(): boolean {
    return this.#noMore.signal.aborted;
  }

  /** Documents in hand at most: enough to keep every request full while the next ones are prepared. */
  get #window(): number {
    return this.#batchSize * (this.#concurrency + 1);
  }

  async #prepare(input: BatchDocument, position: number): Promise<Ready | undefined> {
    let release: (() => Promise<void>) | undefined;
    let reference = input.reference ?? '';
    let name = input.name ?? (typeof input.content === 'string' ? input.content : `document ${position}`);
    let bytes = 0;
    try {
      const opened = await documentContent(input.content);
      release = opened.release;
      bytes = opened.source.size;
      name = input.name ?? opened.name ?? name;
      const given = { ...input, ...(opened.name === undefined ? {} : { name }), content: opened.source };
      const document = await this.#client.prepare(given, position, this.#call);
      ({ reference, name } = document);
      this.#refuseTwin(document);
      const path = opened.path;
      const target = this.#options.inMemory
        ? undefined
        : outputPath({ name, path, output: input.output }, this.#options);
      const known = this.#journal?.find(reference);
      const earlier = target === undefined ? undefined : await this.#finishedEarlier(document, target, known);
      if (earlier) {
        await release?.();
        this.#report(earlier, bytes);
        return undefined;
      }
      const inDoubt = known?.event === 'sending' || known?.event === 'sealed';
      return { document, target, inDoubt, release: this.#keep(opened) };
    } catch (problem) {
      await release?.();
      this.#report({ ok: false, reference, name, error: asError(problem, name) }, bytes);
      return undefined;
    }
  }

  /** Lets a few documents wait in memory, where reading them again would cost more than it saves; gives what ends that. */
  #keep({ source, forget, release }: OpenedContent): () => Promise<void> {
    const bytes = forget && this.#keptBytes + source.size <= maxKeptBytes ? source.size : 0;
    if (bytes === 0) forget?.();
    this.#keptBytes += bytes;
    return async () => {
      this.#keptBytes -= bytes;
      forget?.();
      await release?.();
    };
  }

  /** @throws {@link ValidationError} `DUPLICATE_REFERENCE` */
  #refuseTwin(document: PreparedDocument): void {
    const twin = this.#references.get(document.reference);
    if (twin !== undefined) throw duplicateReference(document.name, twin, document.reference);
    this.#references.set(document.reference, document.name);
  }

  /**
   * The result of a document that an earlier run finished.
   *
   * @throws {@link ValidationError} `OUTPUT_EXISTS` where its output would replace a file that is not its own.
   */
  async #finishedEarlier(
    document: PreparedDocument,
    target: string,
    known: JournalEntry | undefined,
  ): Promise<BatchSealed | undefined> {
    const { overwrite = false } = this.#options;
    if (this.#targets.has(target)) throw outputExists(target);
    this.#targets.add(target);
    const finished = known?.event === 'sealed' && known.output !== undefined && (await exists(known.output));
    // Through the proxy no second copy can be had: a whole file under the right name is the one that was about to be recorded.
    const unrecorded = known?.event === 'sending' && this.#client.viaProxy && !overwrite && (await exists(target));
    if (finished || unrecorded) {
      const operationId = known?.event === 'sealed' ? known.operationId : undefined;
      return {
        ok: true,
        reference: document.reference,
        name: document.name,
        ...(operationId === undefined ? {} : { operationId }),
        outputPath: finished ? (known.output as string) : target,
        bytes: 0,
        recovered: false,
        resumed: true,
        durationMs: 0,
      };
    }
    if (!overwrite && known?.event !== 'sending' && (await exists(target))) throw outputExists(target);
    return undefined;
  }

  /** Starts a request as soon as one of those under way is done. */
  async #send(group: readonly Ready[]): Promise<void> {
    if (group.length === 0) return;
    while (this.#requests.size >= this.#concurrency) await Promise.race(this.#requests);
    if (this.#stopped) {
      const { document } = group[0] as Ready;
      const error =
        this.#halt ??
        new AbortedError('The batch was stopped before this document was sent.', { document: document.name });
      for (const ready of group)
        await this.#settle(ready, { ok: false, reference: ready.document.reference, name: ready.document.name, error });
      return;
    }
    const request: Promise<void> = this.#request(group).finally(() => this.#requests.delete(request));
    this.#requests.add(request);
  }

  /** Sends one group; never rejects, since every failure is some document's result. */
  async #request(group: readonly Ready[]): Promise<void> {
    const started = performance.now();
    const byReference = new Map(group.map((ready) => [ready.document.reference, ready]));
    const documents = group.map(({ document }) => document);
    const options: BatchOptions = group.some(({ inDoubt }) => inDoubt)
      ? { ...this.#call, lookUpFirst: true }
      : this.#call;
    const outcomes: { ready: Ready; outcome: Outcome<SpooledFile | Uint8Array>; at: number }[] = [];
    try {
      const directory = await this.#spoolDirectory(group);
      const store = directory === undefined ? memoryStore : spoolStore(directory, { durable: this.#durable });
      await this.#client.seal<SpooledFile | Uint8Array>(documents, options, {
        store,
        release: async (content) => {
          if (!(content instanceof Uint8Array)) await discardSpooled(content);
        },
        beforeSend: async (sent) => {
          await this.#journal?.write(sent.map(({ reference }) => ({ event: 'sending', reference })));
        },
        onOutcome: (outcome) => {
          const ready = byReference.get(outcome.document.reference) as Ready;
          outcomes.push({ ready, outcome, at: performance.now() });
        },
      });
      await this.#finish(outcomes.map(({ at, ...rest }) => ({ ...rest, durationMs: at - started })));
    } catch (problem) {
      const settled = new Set(outcomes.map(({ ready }) => ready));
      for (const ready of group) {
        if (settled.has(ready)) continue;
        const { reference, name } = ready.document;
        await this.#settle(ready, { ok: false, reference, name, error: asError(problem, name) });
      }
    }
  }

  /** Gives sealed contents their names, a whole request at a time, so that what is durable costs few syncs. */
  async #finish(
    outcomes: readonly { ready: Ready; outcome: Outcome<SpooledFile | Uint8Array>; durationMs: number }[],
  ): Promise<void> {
    const results = await Promise.all(
      outcomes.map(async ({ ready, outcome, durationMs }) => ({
        ready,
        result: await this.#commit(ready, outcome, durationMs),
      })),
    );
    if (this.#durable) {
      const directories = results.flatMap(({ result }) =>
        result.ok && result.outputPath ? [dirname(result.outputPath)] : [],
      );
      await Promise.all([...new Set(directories)].map(syncDirectory));
    }
    await this.#journal?.write(results.flatMap(({ result }) => journalEntry(result)));
    for (const { ready, result } of results) await this.#settle(ready, result);
  }

  async #commit(ready: Ready, outcome: Outcome<SpooledFile | Uint8Array>, durationMs: number): Promise<BatchResult> {
    const { reference, name } = ready.document;
    if (!outcome.sealed) return { ok: false, reference, name, error: outcome.error };
    const { operationId, recovered, facts, content } = outcome;
    const common = { ok: true, reference, name, operationId, recovered, facts, resumed: false, durationMs } as const;
    if (content instanceof Uint8Array) return { ...common, content, bytes: content.byteLength };
    const target = ready.target as string;
    try {
      // What lies there from a run that was killed before it could record it is this very document.
      const overwrite = this.#options.overwrite === true || ready.inDoubt;
      await commitSpooled(content as SpooledFile, target, { overwrite });
      return { ...common, outputPath: target, bytes: (content as SpooledFile).size };
    } catch (cause) {
      const message = `${name}: it was sealed, but its content could not be saved as ${target}: ${(cause as Error).message}`;
      const details = { operationId, references: [reference], document: name, cause };
      return { ok: false, reference, name, error: new DocumentFailedError('OUTPUT_FAILED', message, details) };
    }
  }

  async #settle(ready: Ready, result: BatchResult): Promise<void> {
    await ready.release();
    this.#report(result, ready.document.source.size);
  }

  #report(result: BatchResult, bytes: number): void {
    if (!result.ok && isPointless(result.error)) {
      this.#progress.stoppedBy(result.error);
      this.#halt ??= result.error;
      this.#noMore.abort();
    }
    this.#results.push({ result, bytes });
    this.#wake();
  }

  /** Contents are spooled next to where the first of them goes, so that giving them their names is a rename. */
  async #spoolDirectory(group: readonly Ready[]): Promise<string | undefined> {
    const targets = group.flatMap(({ target }) => (target === undefined ? [] : [dirname(target)]));
    for (const directory of new Set(targets)) {
      if (this.#directories.has(directory)) continue;
      await prepareDirectory(directory);
      this.#directories.add(directory);
    }
    return targets[0];
  }

  /** Options of every call: the caller's, under the batch's own signal. */
  get #call(): BatchOptions {
    return { ...this.#options, signal: this.#stop.signal };
  }

  /** Resolves at the next change of anything that is waited for. */
  #change(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** A little more than 50 documents of a megabyte; the vendor's own sizing goes to 500 MB. */
const defaultMaxRequestBytes = 64 * 1024 * 1024;

function inRange(setting: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new ConfigurationError(
    'CONFIGURATION_INVALID',
    setting,
    `${setting} is ${value}: use a whole number from 1 to ${most}.`,
  );
}

function journalEntry(result: BatchResult): JournalEntry[] {
  const { reference } = result;
  if (!result.ok) return isCertain(result) ? [{ event: 'failed', reference, code: result.error.code }] : [];
  const { operationId, outputPath: output } = result;
  return [
    {
      event: 'sealed',
      reference,
      ...(operationId === undefined ? {} : { operationId }),
      ...(output === undefined ? {} : { output }),
    },
  ];
}

/** Whether a failure leaves no doubt that the document was not sealed; otherwise the journal keeps it in doubt. */
const isCertain = ({ error }: BatchFailed) => error.code === 'DOCUMENT_FAILED' || error.code === 'SERVICE_REJECTED';

const isPointless = ({ code }: SignStashError) => code === 'TOKEN_REFUSED' || pointless.has(errorCodes[code].family);

function asError(problem: unknown, document: string): SignStashError {
  if (isSignStashError(problem)) return problem;
  const reason = problem instanceof Error ? problem.message : String(problem);
  return new DocumentFailedError('OUTPUT_FAILED', `${document}: ${reason}`, { document, cause: problem });
}
