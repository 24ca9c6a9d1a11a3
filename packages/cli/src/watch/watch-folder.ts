import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import {
  type BatchResult,
  derivedReference,
  documentContent,
  FileReferenceLock,
  isSignStashError,
  referenceSeed,
  type SignedBatchDocument,
  type SignStashError,
  ValidationError,
} from '@signstash-connect/core';
import { describeError, type ErrorDescription, isAdapterError } from '@signstash-connect/core/adapter';
import { DocumentLock } from './document-lock.ts';
import { FileQueue, type QueuedFile } from './file-queue.ts';
import { FileResults } from './file-results.ts';
import { createFolders, type Folders, isIgnored, resolveFolders, stagedOutput } from './folders.ts';
import { InputFolder } from './input-folder.ts';
import { fileVersion, hasCode, isSameVersion } from './move-file.ts';
import {
  defaultDelays,
  maxAttempts,
  type WatchDelays,
  type WatchEvent,
  type WatchOptions,
  type WatchProblem,
  type WatchStatus,
} from './options.ts';
import { Pauses } from './pauses.ts';
import { type InvalidProfile, type Profile, Profiles, requestKey } from './profile.ts';
import { QuotaWatch } from './quota-watch.ts';
import { failureKind } from './retry-rules.ts';
import { Round, type WatchJob } from './round.ts';

/** A watched folder. */
export interface FolderWatch {
  /**
   * Resolves once the files that were there at the start are known.
   *
   * @throws `ConfigurationError` if a folder cannot be created or the top profile is wrong.
   */
  readonly ready: Promise<void>;
  /** Finishes requests in progress and leaves the other files in the input folder. */
  close(): Promise<void>;
  status(): WatchStatus;
}

/**
 * Signs every file that arrives in a folder, until it is closed.
 *
 * @throws `ConfigurationError` if folders contradict each other.
 */
export function watchFolder(options: WatchOptions): FolderWatch {
  const watcher = new FolderWatcher(options);
  const ready = watcher.start();
  // The caller may only be interested in the end.
  ready.catch(() => {});
  return { ready, close: () => watcher.close(), status: () => watcher.status() };
}

/** How many files are read and hashed at once. */
const preparedAtOnce = 8;

/** How many batches may be in progress at once, for different receivers or while an old one ends. */
const maxRounds = 4;

class FolderWatcher {
  readonly #options: WatchOptions;
  readonly #delays: WatchDelays;
  readonly #folders: Folders;
  readonly #queue: FileQueue;
  readonly #profiles: Profiles;
  readonly #results: FileResults;
  readonly #lock: DocumentLock;
  readonly #pauses: Pauses;
  readonly #quota: QuotaWatch;
  /** Rounds that take documents, by what their documents have in common. */
  readonly #open = new Map<string, Round>();
  /** All rounds, also those that end. */
  readonly #rounds = new Set<Round>();
  readonly #reportedProfiles = new Set<string>();
  readonly #counts = { signed: 0, failed: 0, retries: 0 };
  #input: InputFolder | undefined;
  #intake: Promise<unknown> | undefined;
  #state: WatchStatus['state'] = 'starting';
  #lastError: WatchStatus['lastError'];
  #pause: { until: Date | undefined; timer: NodeJS.Timeout | undefined } | undefined;
  #failuresInARow = 0;
  /** Files that are read or wait for a batch. */
  #preparing = 0;
  #closing: Promise<void> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    const delays = { ...defaultDelays, ...options.delays };
    this.#delays = delays;
    const folders = resolveFolders(options.folder, options.folders);
    this.#folders = folders;
    this.#queue = new FileQueue({ ...delays, root: folders.in, checkTwice: options.polling ?? false });
    const { sign = {}, reference, parseReference } = options;
    this.#profiles = new Profiles({ root: folders.in, sign, reference, parseReference });
    this.#results = new FileResults(folders, { keepOriginals: options.keepOriginals ?? false });
    this.#pauses = new Pauses(delays.outageMs);
    this.#quota = new QuotaWatch(options.client.operations, {
      everyMs: delays.quotaMs,
      warnFrom: options.quotaWarning ?? 0.9,
      onWarning: (used, limit) => this.#emit({ type: 'quota', used, limit }),
    });
    this.#lock = new DocumentLock({
      lock: options.lock ?? new FileReferenceLock({ directory: `${folders.state}/locks` }),
      directory: `${folders.state}/in-doubt`,
      recordAll: options.viaProxy ?? false,
      maySend: () => this.#state === 'running',
      isGone: async (reference) => {
        const job = this.#findJob(reference);
        if (!job || !isSameVersion(job.version, await fileVersion(job.file.path))) return true;
        return this.#results.isDone(job.file.path, job.version);
      },
      hash: shortHash,
      onUnreachable: (error) => this.#pauseFor(error, lockProblem(error)),
    });
  }

  async start(): Promise<void> {
    await createFolders(this.#folders);
    const top = await this.#profiles.find(this.#folders.in);
    if ('error' in top) throw top.error;
    if (this.#closing) return;
    this.#input = new InputFolder({
      root: this.#folders.in,
      polling: this.#options.polling ?? false,
      rescanMs: this.#delays.rescanMs,
      onFile: (path) => {
        if (!isIgnored(path)) this.#queue.changed(path);
      },
      onRemoved: (path) => this.#queue.removed(path),
      onProfile: () => {
        this.#profiles.forget();
        this.#reportedProfiles.clear();
        this.#queue.releaseHeld();
      },
      onWarning: (message) => this.#emit({ type: 'warning', message }),
      isKnown: (path) => this.#queue.has(path),
    });
    this.#state = 'running';
    this.#intake = Promise.all(Array.from({ length: preparedAtOnce }, () => this.#takeFiles()));
    await this.#input.ready;
  }

  status(): WatchStatus {
    const inProgress = this.#inProgress;
    return {
      state: this.#state,
      queued: Math.max(0, this.#queue.size - inProgress - this.#queue.held),
      inProgress,
      held: this.#queue.held,
      ...this.#counts,
      ...(this.#lastError ? { lastError: this.#lastError } : {}),
      ...(this.#pause?.until ? { nextAttemptAt: this.#pause.until } : {}),
      ...(this.#quota.latest ? { quota: this.#quota.latest } : {}),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state = 'closing';
    clearTimeout(this.#pause?.timer);
    this.#endRounds();
    this.#queue.close();
    await this.#input?.close();
    await this.#intake;
    await Promise.all([...this.#rounds].map(({ finished }) => finished));
    this.#state = 'closed';
  }

  get #inProgress(): number {
    return [...this.#rounds].reduce((sum, round) => sum + round.inProgress, 0);
  }

  #findJob(reference: string): WatchJob | undefined {
    for (const round of this.#rounds) {
      const job = round.find(reference);
      if (job) return job;
    }
    return undefined;
  }

  /** Hands files to batches, as fast as these take them. */
  async #takeFiles(): Promise<void> {
    while (!this.#closing) {
      const file = this.#state === 'running' ? this.#queue.take() : undefined;
      if (!file) {
        if (this.#inProgress === 0 && this.#preparing === 0) this.#endRounds();
        await this.#queue.change();
        continue;
      }
      this.#preparing++;
      try {
        const job = await this.#prepare(file);
        if (job) await this.#offer(job);
      } catch (error) {
        await this.#afterFailure(file, error, undefined);
      }
      this.#preparing--;
    }
  }

  /** @returns Undefined if the file is not to be sent now. */
  async #prepare(file: QueuedFile): Promise<WatchJob | undefined> {
    const version = await fileVersion(file.path);
    if (!version || (await this.#results.isDone(file.path, version))) {
      this.#queue.done(file);
      return undefined;
    }
    file.version = version;
    const profile = await this.#profiles.find(dirname(file.path));
    if ('error' in profile) {
      this.#reportProfile(profile);
      this.#queue.hold(file);
      return undefined;
    }
    const { source, forget } = await documentContent(file.path);
    const sha256 = (await source.sha256?.()) ?? (await hashOf(source.read()));
    forget?.();
    const reference =
      (await profile.reference?.resolve({ path: file.path, name: file.name, sha256 })) ??
      defaultReference(this.#options.clientId, sha256, file.name);
    const staged = stagedOutput(this.#folders, shortHash(reference));
    const { preservation: _, ...signature } = profile.sign;
    const document = { ...signature, content: source, name: baseName(file.name), reference, output: staged };
    const job: WatchJob = { file, version, reference, staged, profile, document };
    file.signedBefore = this.#counts.signed;
    if (await fileVersion(staged)) {
      // A process was killed after the service had signed the document.
      await this.#place(job, { recovered: true });
      return undefined;
    }
    return job;
  }

  async #offer(job: WatchJob): Promise<void> {
    // A document that failed is sent alone: it may be the reason why the request of its group failed.
    const alone = job.file.attempts > 0;
    const key = `${requestKey(job.profile)}${alone ? ' alone' : ''}`;
    const inProgress = this.#findJob(job.reference);
    if (inProgress && inProgress.file.path !== job.file.path) throw sameReference(job, inProgress);
    if (inProgress) {
      this.#queue.retry(job.file, this.#delays.lockedMs);
      return;
    }
    for (;;) {
      if (this.#state !== 'running') {
        this.#queue.retry(job.file, 0);
        return;
      }
      let round = this.#open.get(key);
      if (round?.has(job.reference) && !round.ended) {
        this.#queue.retry(job.file, this.#delays.lockedMs);
        return;
      }
      if (!round || round.ended) {
        if (this.#rounds.size >= maxRounds) {
          this.#endOther(key);
          await this.#queue.change();
          continue;
        }
        round = this.#startRound(key, job.profile, alone);
      }
      if (await round.offer(job)) return;
    }
  }

  #endOther(key: string): void {
    for (const [other, round] of this.#open) {
      if (other !== key) {
        round.end();
        return;
      }
    }
  }

  #endRounds(): void {
    for (const round of this.#open.values()) round.end();
    this.#open.clear();
  }

  #startRound(key: string, { sign: { preservation }, reference }: Profile, alone: boolean): Round {
    const { client, batchSize, concurrency } = this.#options;
    const given = Object.entries({ batchSize: alone ? 1 : batchSize, concurrency, preservation });
    const options = {
      ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
      recoveredContent: reference?.anyRendering ? ('any' as const) : ('same' as const),
      referenceLock: this.#lock,
      // A document that another process is signing goes back into the queue instead of holding its request up.
      referenceLockWaitMs: 0,
      // The original is moved away once the signed file is in place: it must not be lost in a power failure.
      durable: true,
    };
    const round = new Round({
      sign: (documents) => client.signAll(documents, options),
      settle: (job, result) => this.#settle(job, result),
      abandon: (job, error) => this.#abandon(job, error),
    });
    this.#open.set(key, round);
    this.#rounds.add(round);
    void round.finished.finally(() => {
      this.#rounds.delete(round);
      if (this.#open.get(key) === round) this.#open.delete(key);
      this.#queue.wake();
    });
    return round;
  }

  async #settle(job: WatchJob, result: BatchResult): Promise<void> {
    try {
      if (result.ok) await this.#place(job, result);
      else await this.#afterFailure(job.file, result.error, job);
    } catch (error) {
      await this.#afterFailure(job.file, error, job);
    }
    await this.#lock.settled(job.reference);
    // The round still counts this job: the queue looks again once it no longer does.
    setImmediate(() => this.#queue.wake());
  }

  async #abandon(job: WatchJob, error: unknown): Promise<void> {
    await this.#afterFailure(job.file, error ?? new Error(`${job.file.name} has no result.`), job);
    await this.#lock.settled(job.reference);
  }

  async #place(
    job: WatchJob,
    result: Pick<SignedBatchDocument, 'recovered'> & Partial<SignedBatchDocument>,
  ): Promise<void> {
    const { file, reference } = job;
    let output: string | undefined;
    try {
      output = await this.#results.placeSigned(job, this.#options.verify);
    } catch (error) {
      if (isAdapterError(error)) throw error;
      this.#pauseFor(error, placeProblem(error, file.name));
      this.#queue.retry(file, 0);
      return;
    }
    await this.#lock.clearDoubt(reference);
    this.#pauses.reset();
    this.#failuresInARow = 0;
    if (output !== undefined) {
      this.#counts.signed++;
      this.#emit({ type: 'signed', file: file.name, output, reference, recovered: result.recovered });
    }
    this.#queue.done(file);
    if (result.operationId !== undefined && !this.#options.viaProxy) void this.#quota.update(result.operationId);
  }

  /** Decides what becomes of a file that was not signed. Never rejects. */
  async #afterFailure(file: QueuedFile, error: unknown, job: WatchJob | undefined): Promise<void> {
    const problem = this.#describe(error);
    try {
      if (!isSignStashError(error)) {
        // Adapter errors, such as an invoice without ATCUD, concern the document; other errors come from the system.
        if (problem.code !== 'UNEXPECTED') await this.#fail(file, problem, job);
        else await this.#retry(file, problem, job);
        return;
      }
      if (error.code === 'OUTCOME_UNKNOWN' && job) await this.#lock.recordDoubt(job.reference);
      else if (job && isRefusal(error)) await this.#lock.clearDoubt(job.reference);
      await this.#follow(file, error, problem, job);
    } catch (cause) {
      this.#pauseFor(cause, placeProblem(cause, file.name));
      this.#queue.retry(file, 0);
    }
  }

  async #follow(file: QueuedFile, error: SignStashError, problem: ErrorDescription, job: WatchJob | undefined) {
    switch (failureKind(error, this.#counts.signed > file.signedBefore)) {
      case 'outage':
      case 'refused':
      case 'stop':
        this.#pauseFor(error, problem);
        this.#queue.retry(file, 0);
        return;
      case 'again':
        if (this.#state === 'running') this.#queue.postpone(file, this.#delays.lockedMs);
        else this.#queue.retry(file, 0);
        return;
      case 'retry':
        if (hasCode(error.cause, 'ENOENT')) this.#queue.done(file);
        else await this.#retry(file, problem, job);
        return;
      case 'fail':
        if (error.code === 'OUTPUT_EXISTS') this.#queue.retry(file, this.#delays.lockedMs);
        else await this.#fail(file, problem, job);
    }
  }

  async #retry(file: QueuedFile, problem: ErrorDescription, job: WatchJob | undefined): Promise<void> {
    if (file.attempts + 1 >= maxAttempts) {
      await this.#fail(file, problem, job);
      return;
    }
    file.attempts++;
    file.postponed = 0;
    this.#counts.retries++;
    this.#recordError(problem);
    this.#emit({
      type: 'retry',
      file: file.name,
      attempt: file.attempts + 1,
      inMs: this.#delays.retryMs,
      problem: brief(problem),
    });
    this.#queue.retry(file, this.#delays.retryMs);
    // If nothing is signed any more, the other files need not use up their attempts.
    this.#failuresInARow++;
    if (this.#failuresInARow >= (this.#options.batchSize ?? 50)) this.#pauseFor(undefined, problem);
  }

  async #fail(file: QueuedFile, problem: ErrorDescription, job: WatchJob | undefined): Promise<void> {
    const { code, title, detail, hint, operationId } = problem;
    const movedTo = await this.#results.placeFailed(file, {
      version: 1,
      file: file.name,
      at: new Date().toISOString(),
      attempts: file.attempts + 1,
      code,
      title,
      detail,
      hint,
      ...(job ? { reference: job.reference } : {}),
      ...(operationId ? { operationId } : {}),
    });
    if (movedTo !== undefined) {
      this.#counts.failed++;
      this.#recordError(problem);
      this.#emit({ type: 'failed', file: file.name, movedTo, problem: brief(problem) });
    }
    this.#queue.done(file);
  }

  /** Sends nothing for a while. The files stay in the input folder. */
  #pauseFor(error: unknown, problem: WatchProblem): void {
    this.#recordError(problem);
    if (this.#state !== 'running') return;
    const kind = isSignStashError(error) ? failureKind(error, false) : 'outage';
    const inMs = kind === 'stop' ? undefined : kind === 'refused' ? this.#delays.refusedMs : this.#pauses.next();
    this.#state = kind === 'stop' ? 'stopped' : 'paused';
    this.#endRounds();
    this.#emit({ type: 'paused', inMs, problem: brief(problem) });
    const until = inMs === undefined ? undefined : new Date(Date.now() + inMs);
    const timer = inMs === undefined ? undefined : setTimeout(() => this.#resume(), inMs);
    this.#pause = { until, timer };
  }

  #resume(): void {
    if (this.#state !== 'paused') return;
    this.#pause = undefined;
    this.#failuresInARow = 0;
    this.#state = 'running';
    this.#emit({ type: 'resumed' });
    this.#queue.wake();
  }

  #reportProfile({ path, error }: InvalidProfile): void {
    if (this.#reportedProfiles.has(path)) return;
    this.#reportedProfiles.add(path);
    const problem = this.#describe(error);
    this.#recordError(problem);
    this.#emit({ type: 'profile-invalid', profile: path, problem: brief(problem) });
  }

  #describe(error: unknown): ErrorDescription {
    return this.#options.describe?.(error) ?? describeError(error);
  }

  #recordError(problem: WatchProblem): void {
    this.#lastError = { at: new Date(), problem: brief(problem) };
  }

  #emit(event: WatchEvent): void {
    this.#options.onEvent?.(event);
  }
}

const brief = ({ code, title, detail, hint }: WatchProblem): WatchProblem => ({ code, title, detail, hint });

/** Two files with the same content are two documents, so the name is part of the reference. */
const defaultReference = (clientId: string, sha256: string, name: string): string =>
  derivedReference(clientId, createHash('sha256').update(referenceSeed(sha256, name)).digest('hex'));

/** Short enough for every file system, and long enough never to be the same for two references. */
const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 40);

const baseName = (name: string) => name.slice(name.lastIndexOf('/') + 1);

async function hashOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk);
  return hash.digest('hex');
}

/** Whether the service itself said that it did not sign the document. */
const isRefusal = ({ code }: SignStashError) => code === 'DOCUMENT_FAILED' || code === 'SERVICE_REJECTED';

const sameReference = ({ file, reference }: WatchJob, other: WatchJob) =>
  new ValidationError(
    'DUPLICATE_REFERENCE',
    `${file.name} and ${other.file.name} have the same external reference ${reference}.`,
    { document: file.name, references: [reference] },
  );

const lockProblem = (error: unknown): WatchProblem => ({
  code: 'REFERENCE_LOCK_FAILED',
  title: 'The lock cannot be reached',
  detail: `Nothing is sent without it, so that two watchers never sign the same document: ${(error as Error).message}`,
  hint: 'Make the Redis server or the state folder available. Files stay in the input folder until then.',
});

const placeProblem = (error: unknown, name: string): WatchProblem => ({
  code: 'OUTPUT_FAILED',
  title: 'A file cannot be moved',
  detail: `${name}: ${(error as Error).message}`,
  hint: 'Free disk space or make the folders writable. The file stays in the input folder until then.',
});
