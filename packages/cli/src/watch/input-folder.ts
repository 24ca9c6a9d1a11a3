import { opendir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { watch } from 'chokidar';
import { isIgnored, profileName } from './folders.ts';
import { hasCode } from './move-file.ts';

export interface InputFolderOptions {
  readonly root: string;
  readonly polling: boolean;
  readonly rescanMs: number;
  readonly onFile: (path: string) => void;
  readonly onRemoved: (path: string) => void;
  /** A profile was added, changed or removed. */
  readonly onProfile: () => void;
  readonly onWarning: (message: string) => void;
  readonly isKnown: (path: string) => boolean;
}

/** How often a network share is searched. Milliseconds. */
const pollingMs = 1_000;

/** Reports the files of a folder and its subfolders: those that are there, and those that arrive. */
export class InputFolder {
  readonly #options: InputFolderOptions;
  readonly #watcher: ReturnType<typeof watch>;
  readonly ready: Promise<void>;
  #rescan: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: InputFolderOptions) {
    const { root, polling, onFile, onRemoved, onProfile, onWarning } = options;
    this.#options = options;
    this.#watcher = watch(root, {
      usePolling: polling,
      interval: pollingMs,
      binaryInterval: pollingMs,
      ignored: (path) => path !== root && basename(path) !== profileName && isIgnored(path),
      // A link may lead anywhere; documents are only taken from the folder itself.
      followSymlinks: false,
      atomic: false,
      ignorePermissionErrors: true,
    });
    const report = (path: string) => (basename(path) === profileName ? onProfile() : onFile(path));
    this.#watcher.on('add', report);
    this.#watcher.on('change', report);
    this.#watcher.on('unlink', (path) => (basename(path) === profileName ? onProfile() : onRemoved(path)));
    this.#watcher.on('error', (error) => {
      if (hasCode(error, 'ENOENT')) return;
      onWarning(
        `The input folder cannot be watched (${(error as Error).message}): it is searched at intervals instead.`,
      );
    });
    this.ready = new Promise((resolve) => {
      this.#watcher.once('ready', () => resolve());
    });
    this.#scheduleRescan();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#rescan);
    await this.#watcher.close();
  }

  /** Events can be lost: the system drops them when there are too many, and network shares may send none. */
  #scheduleRescan(): void {
    const { root, rescanMs, onWarning } = this.#options;
    this.#rescan = setTimeout(async () => {
      await this.#search(root).catch((error: Error) => {
        onWarning(`The input folder cannot be read: ${error.message}.`);
      });
      if (!this.#closed) this.#scheduleRescan();
    }, rescanMs);
    this.#rescan.unref();
  }

  async #search(folder: string): Promise<void> {
    const { isKnown, onFile } = this.#options;
    for await (const entry of await opendir(folder)) {
      if (this.#closed) return;
      const path = join(folder, entry.name);
      if (isIgnored(path)) continue;
      if (entry.isDirectory()) await this.#search(path);
      else if (entry.isFile() && !isKnown(path)) onFile(path);
    }
  }
}
