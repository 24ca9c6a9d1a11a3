import { looksComplete } from './completeness.ts';
import { nameBelow } from './folders.ts';
import { type FileVersion, fileVersion, isSameVersion } from './move-file.ts';

/** A file of the input folder. */
export interface QueuedFile {
  readonly path: string;
  /** Below the input folder, with slashes. */
  readonly name: string;
  /** As it was when it last counted as complete. */
  version: FileVersion | undefined;
  /** Failed attempts to sign it. */
  attempts: number;
  /** Documents signed by this watcher when its last attempt began. */
  signedBefore: number;
  /** How often in a row it was postponed because another process had it. */
  postponed: number;
  state: 'settling' | 'ready' | 'taken' | 'waiting' | 'held';
  /** An event arrived while it was taken. */
  changed: boolean;
  timer?: NodeJS.Timeout | undefined;
  /** Since when it looks incomplete, by the monotonic clock. */
  incompleteSince?: number | undefined;
}

export interface FileQueueOptions {
  /** The input folder. */
  readonly root: string;
  readonly settleMs: number;
  readonly incompleteMs: number;
  /** Whether a file has to look the same twice: where changes are not reported, or its times come from another clock. */
  readonly checkTwice: boolean;
}

/** More ready files than a watcher has in progress are chosen from at random, among this many. */
const [manyReady, chosenAmong] = [200, 1_000];

/** How many files are examined at once: a burst must not open thousands of them. */
const checksAtOnce = 8;

/**
 * The files of the input folder from their first event until they are settled. A file becomes ready once it has stopped changing and
 * looks complete. Checked here instead of by chokidar's `awaitWriteFinish`, which looks at each file ten times per second and does
 * not cover files that were there at the start.
 */
export class FileQueue {
  readonly #options: FileQueueOptions;
  readonly #files = new Map<string, QueuedFile>();
  readonly #ready = new Set<QueuedFile>();
  readonly #held = new Set<QueuedFile>();
  readonly #unchecked: QueuedFile[] = [];
  #checking = 0;
  #closed = false;
  #waiting: (() => void)[] = [];

  constructor(options: FileQueueOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#files.size;
  }

  get ready(): number {
    return this.#ready.size;
  }

  get held(): number {
    return this.#held.size;
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** A file was added or changed. */
  changed(path: string): void {
    if (this.#closed) return;
    const known = this.#files.get(path);
    if (known?.state === 'taken') {
      known.changed = true;
      return;
    }
    const file = known ?? {
      path,
      name: nameBelow(this.#options.root, path),
      version: undefined,
      attempts: 0,
      signedBefore: 0,
      postponed: 0,
      state: 'settling',
      changed: false,
    };
    this.#files.set(path, file);
    this.#settleAfter(file, this.#options.settleMs);
  }

  /** A file was removed from the input folder. */
  removed(path: string): void {
    const file = this.#files.get(path);
    if (file && file.state !== 'taken') this.#drop(file);
  }

  /** The file that has been ready for the longest time; of many, any of the oldest, so that two watchers rarely want the same one. */
  take(): QueuedFile | undefined {
    const among = this.#ready.size > manyReady ? Math.min(this.#ready.size, chosenAmong) : 1;
    let skip = Math.floor(Math.random() * among);
    let file: QueuedFile | undefined;
    for (file of this.#ready) if (skip-- === 0) break;
    if (!file) return undefined;
    this.#ready.delete(file);
    file.state = 'taken';
    file.changed = false;
    return file;
  }

  /** The file needs no more work; one that changed meanwhile is a new file. */
  done(file: QueuedFile): void {
    this.#drop(file);
    if (file.changed) this.changed(file.path);
    this.wake();
  }

  /** The file becomes ready again, later or at once. */
  retry(file: QueuedFile, delayMs: number): void {
    if (file.changed) {
      this.done(file);
      return;
    }
    if (delayMs === 0) {
      this.#makeReady(file);
      return;
    }
    file.state = 'waiting';
    this.#startTimer(file, delayMs, () => this.#makeReady(file));
    this.wake();
  }

  /** Another process has the file: later again, less and less often. */
  postpone(file: QueuedFile, delayMs: number): void {
    this.retry(file, delayMs * 2 ** Math.min(file.postponed, 3));
    file.postponed++;
  }

  /** The file waits until {@link releaseHeld}. */
  hold(file: QueuedFile): void {
    file.state = 'held';
    this.#held.add(file);
    this.wake();
  }

  releaseHeld(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const file of held) this.#makeReady(file);
  }

  /** Resolves at the next change. */
  change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  close(): void {
    this.#closed = true;
    for (const file of this.#files.values()) clearTimeout(file.timer);
    this.#unchecked.length = 0;
    this.wake();
  }

  #makeReady(file: QueuedFile): void {
    if (this.#closed || this.#files.get(file.path) !== file) return;
    file.state = 'ready';
    this.#ready.add(file);
    this.wake();
  }

  #drop(file: QueuedFile): void {
    clearTimeout(file.timer);
    this.#files.delete(file.path);
    this.#ready.delete(file);
    this.#held.delete(file);
  }

  #startTimer(file: QueuedFile, delayMs: number, action: () => void): void {
    clearTimeout(file.timer);
    if (!this.#closed) file.timer = setTimeout(action, delayMs);
  }

  #settleAfter(file: QueuedFile, delayMs: number): void {
    this.#ready.delete(file);
    this.#held.delete(file);
    file.state = 'settling';
    this.#startTimer(file, delayMs, () => {
      this.#unchecked.push(file);
      this.#checkNext();
    });
  }

  #checkNext(): void {
    while (this.#checking < checksAtOnce) {
      const file = this.#unchecked.shift();
      if (!file) return;
      this.#checking++;
      const { timer } = file;
      void this.#check(file, () => file.timer === timer && file.state === 'settling').finally(() => {
        this.#checking--;
        this.#checkNext();
      });
    }
  }

  /** @param isCurrent - False once another event has started a new wait. */
  async #check(file: QueuedFile, isCurrent: () => boolean): Promise<void> {
    const { settleMs, incompleteMs, checkTwice } = this.#options;
    const version = await fileVersion(file.path).catch(() => undefined);
    if (!isCurrent() || this.#closed) return;
    if (!version) {
      this.#drop(file);
      this.wake();
      return;
    }
    const unchanged = file.version !== undefined && isSameVersion(file.version, version);
    if (!unchanged) file.incompleteSince = undefined;
    file.version = version;
    const ageMs = Date.now() - version.mtimeMs;
    if (!unchanged && (checkTwice || ageMs < settleMs)) {
      this.#settleAfter(file, settleMs);
      return;
    }
    // A file that cannot be opened may be locked by its writer.
    const complete = await looksComplete(file.path).catch(() => false);
    if (!isCurrent() || this.#closed) return;
    file.incompleteSince ??= performance.now();
    if (complete || performance.now() - file.incompleteSince >= incompleteMs) this.#makeReady(file);
    else this.#settleAfter(file, Math.min(settleMs * 2, incompleteMs));
  }
}
