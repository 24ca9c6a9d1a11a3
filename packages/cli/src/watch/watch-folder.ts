import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { type BatchResult, FileReferenceLock, type SignedBatchDocument } from '@signstash-connect/core';
import { describeError, type ErrorDescription, isAdapterError } from '@signstash-connect/core/adapter';
import { documentContent } from '@signstash-connect/core/adapter/node';
import { derivedReference, referenceSeed } from '@signstash-connect/core/client';
import { DocumentLock, lockProblem } from './document-lock.ts';
import { Failures, placeProblem } from './failures.ts';
import { FileQueue, type QueuedFile } from './file-queue.ts';
import { FileResults } from './file-results.ts';
import { createFolders, type Folders, isIgnored, resolveFolders, stagedOutput } from './folders.ts';
import { InputFolder } from './input-folder.ts';
import { fileVersion, isSameVersion, removeLeftovers } from './move-file.ts';
import { defaultDelays, type WatchDelays, type WatchOptions, type WatchStatus } from './options.ts';
import { type InvalidProfile, Profiles } from './profile.ts';
import { QuotaWatch } from './quota-watch.ts';
import type { WatchJob } from './round.ts';
import { Rounds } from './rounds.ts';
import { brief, WatchState } from './watch-state.ts';

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

class FolderWatcher {
  readonly #options: WatchOptions;
  readonly #delays: WatchDelays;
  readonly #folders: Folders;
  readonly #queue: FileQueue;
  readonly #profiles: Profiles;
  readonly #results: FileResults;
  readonly #lock: DocumentLock;
  readonly #state: WatchState;
  readonly #rounds: Rounds;
  readonly #failures: Failures;
  readonly #quota: QuotaWatch;
  readonly #reportedProfiles = new Set<string>();
  #input: InputFolder | undefined;
  #intake: Promise<unknown> | undefined;
  #cleanUp: Promise<void> | undefined;
  /** Files that are read or wait for a batch. */
  #preparing = 0;
  #closing: Promise<void> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    const delays = { ...defaultDelays, ...options.delays };
    const { client, sign = {}, reference, parseReference, onEvent, batchSize, concurrency } = options;
    const folders = resolveFolders(options.folder, options.folders);
    this.#delays = delays;
    this.#folders = folders;
    const queue = new FileQueue({ ...delays, root: folders.in, checkTwice: options.polling ?? false });
    this.#queue = queue;
    this.#profiles = new Profiles({ root: folders.in, sign, reference, parseReference });
    const results = new FileResults(folders, { keepOriginals: options.keepOriginals ?? false });
    this.#results = results;
    const state = new WatchState({
      delays,
      onEvent,
      onPause: () => this.#rounds.end(),
      onResume: () => queue.wake(),
    });
    this.#state = state;
    const lock = new DocumentLock({
      lock: options.lock ?? new FileReferenceLock({ directory: `${folders.state}/locks` }),
      directory: `${folders.state}/in-doubt`,
      recordAll: options.viaProxy ?? false,
      maySend: () => state.isRunning,
      isGone: (reference) => this.#isGone(reference),
      hash: shortHash,
      onUnreachable: (error) => state.pause(error, lockProblem(error)),
    });
    this.#lock = lock;
    this.#rounds = new Rounds({
      client,
      ...(batchSize === undefined ? {} : { batchSize }),
      ...(concurrency === undefined ? {} : { concurrency }),
      lock,
      settle: (job, result) => this.#settle(job, result),
      abandon: (job, error) => this.#abandon(job, error),
      isRunning: () => state.isRunning,
      change: () => queue.change(),
      onFinished: () => queue.wake(),
    });
    const describe = (error: unknown) => this.#describe(error);
    this.#failures = new Failures({
      queue,
      state,
      results,
      lock,
      delays,
      describe,
      failuresUntilPause: batchSize ?? 50,
    });
    this.#quota = new QuotaWatch(client.operations, {
      everyMs: delays.quotaMs,
      warnFrom: options.quotaWarning ?? 0.9,
      onWarning: (used, limit) => state.emit({ type: 'quota', used, limit }),
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
      onWarning: (message) => this.#state.emit({ type: 'warning', message }),
      isKnown: (path) => this.#queue.has(path),
    });
    this.#state.start();
    this.#intake = Promise.all(Array.from({ length: preparedAtOnce }, () => this.#takeFiles()));
    this.#cleanUp = this.#removeLeftovers();
    await this.#input.ready;
  }

  /** Of killed watchers. Does not delay the start: the folders of results may be large. */
  async #removeLeftovers(): Promise<void> {
    for (const folder of Object.values(this.#folders)) {
      await removeLeftovers(folder).catch((error: Error) => {
        const message = `Files of a killed watcher in ${folder} could not be cleaned up: ${error.message}.`;
        this.#state.emit({ type: 'warning', message });
      });
    }
  }

  status(): WatchStatus {
    const { latest } = this.#quota;
    return { ...this.#state.status(this.#queue, this.#rounds.inProgress), ...(latest ? { quota: latest } : {}) };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state.close();
    this.#rounds.end();
    this.#queue.close();
    await this.#input?.close();
    await this.#intake;
    await this.#cleanUp;
    await this.#rounds.finished();
    this.#state.closed();
  }

  /** Hands files to batches, as fast as these take them. */
  async #takeFiles(): Promise<void> {
    while (!this.#closing) {
      const file = this.#state.isRunning ? this.#queue.take() : undefined;
      if (!file) {
        if (this.#rounds.inProgress === 0 && this.#preparing === 0) this.#rounds.end();
        await this.#queue.change();
        continue;
      }
      this.#preparing++;
      try {
        const job = await this.#prepare(file);
        const answer = job && (await this.#rounds.offer(job));
        if (answer === 'later') this.#queue.retry(file, this.#delays.lockedMs);
        else if (answer === 'stopped') this.#queue.retry(file, 0);
      } catch (error) {
        await this.#failures.handle(file, error, undefined);
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
    file.signedBefore = this.#state.counts.signed;
    if (await fileVersion(staged)) {
      // A process was killed after the service had signed the document.
      await this.#place(job, { recovered: true });
      return undefined;
    }
    return job;
  }

  /** Whether another watcher has finished the document, or its file has changed. */
  async #isGone(reference: string): Promise<boolean> {
    const job = this.#rounds.find(reference);
    if (!job || !isSameVersion(job.version, await fileVersion(job.file.path))) return true;
    return this.#results.isDone(job.file.path, job.version);
  }

  async #settle(job: WatchJob, result: BatchResult): Promise<void> {
    try {
      if (result.ok) await this.#place(job, result);
      else await this.#failures.handle(job.file, result.error, job);
    } catch (error) {
      await this.#failures.handle(job.file, error, job);
    }
    await this.#lock.settled(job.reference);
    // The round still counts this job: the queue looks again once it no longer does.
    setImmediate(() => this.#queue.wake());
  }

  async #abandon(job: WatchJob, error: unknown): Promise<void> {
    // Without an error the batch stopped before it read the document.
    if (error === undefined) this.#queue.retry(job.file, 0);
    else await this.#failures.handle(job.file, error, job);
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
      this.#state.pause(error, placeProblem(error, file.name));
      this.#queue.retry(file, 0);
      return;
    }
    await this.#lock.clearDoubt(reference);
    if (output !== undefined) {
      this.#state.recordSigned();
      this.#state.emit({ type: 'signed', file: file.name, output, reference, recovered: result.recovered });
    }
    this.#queue.done(file);
    if (result.operationId !== undefined && !this.#options.viaProxy) void this.#quota.update(result.operationId);
  }

  #reportProfile({ path, error }: InvalidProfile): void {
    if (this.#reportedProfiles.has(path)) return;
    this.#reportedProfiles.add(path);
    const problem = this.#describe(error);
    this.#state.recordError(problem);
    this.#state.emit({ type: 'profile-invalid', profile: path, problem: brief(problem) });
  }

  #describe(error: unknown): ErrorDescription {
    return this.#options.describe?.(error) ?? describeError(error);
  }
}

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
