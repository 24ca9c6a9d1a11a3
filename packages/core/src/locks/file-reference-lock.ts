import { createHash } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LockedError, type LockFileOptions, LockFileOwner } from './lock-file.ts';
import { abandonedLeaseMs, type ReferenceLease, type ReferenceLock } from './reference-lock.ts';

export interface FileReferenceLockOptions extends Pick<LockFileOptions, 'identity' | 'renewEveryMs' | 'staleAfterMs'> {
  /** A directory for lock files only; created where it is missing. All processes must see the same one. */
  readonly directory: string;
}

const lockName = /^[0-9a-f]{40}\.lock$/;

/**
 * Leases as lock files: for several processes on one machine, or on several machines that share a directory. The lock of a process
 * that died is taken over at once on the same machine, and after `staleAfterMs` (default 30 s) from another machine or container. Its
 * file stays until then, or until another process starts more than 24 hours after its last heartbeat.
 */
export class FileReferenceLock implements ReferenceLock {
  readonly #options: FileReferenceLockOptions;
  #owner: Promise<LockFileOwner> | undefined;
  #leases = 0;

  constructor(options: FileReferenceLockOptions) {
    this.#options = options;
  }

  async acquire(keys: readonly string[]): Promise<ReferenceLease> {
    this.#leases++;
    const taken = new Map<string, string>();
    const abandoned = new Set<string>();
    let owner: LockFileOwner | undefined;
    const release = async () => {
      await Promise.all([...taken.values()].map((path) => owner?.release(path)));
      taken.clear();
      await this.#leave();
    };
    try {
      this.#owner ??= this.#createOwner();
      owner = await this.#owner;
      await Promise.all(
        keys.map(async (key) => {
          const path = this.#path(key);
          const state = await acquireFile(owner as LockFileOwner, path);
          if (state === 'locked') return;
          taken.set(key, path);
          if (state === 'taken over') abandoned.add(key);
        }),
      );
    } catch (error) {
      await release().catch(() => {
        // The first error says more.
      });
      throw error;
    }
    const paths = [...taken.values()];
    let released = false;
    return {
      keys: keys.filter((key) => taken.has(key)),
      abandoned: keys.filter((key) => abandoned.has(key)),
      isHeld: async () => {
        const checks = await Promise.all(paths.map((path) => (owner as LockFileOwner).isOwner(path)));
        return !released && checks.every(Boolean);
      },
      release: async () => {
        if (!released) await release();
        released = true;
      },
    };
  }

  /** The owner's file exists only while leases are held, so that an idle process leaves nothing behind when it is killed. */
  async #leave(): Promise<void> {
    this.#leases--;
    if (this.#leases > 0) return;
    const owner = this.#owner;
    this.#owner = undefined;
    await (await owner?.catch(() => undefined))?.close();
  }

  async #createOwner(): Promise<LockFileOwner> {
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true });
    const owner = await LockFileOwner.create(directory, this.#options);
    // Those of dead processes whose documents never come again would stay for ever. Younger ones say what may have been sent.
    for (const name of await readdir(directory)) {
      if (lockName.test(name)) await owner.removeAbandoned(join(directory, name), abandonedLeaseMs);
    }
    return owner;
  }

  #path(key: string): string {
    return join(this.#options.directory, `${createHash('sha256').update(key).digest('hex').slice(0, 40)}.lock`);
  }
}

async function acquireFile(owner: LockFileOwner, path: string): Promise<'free' | 'taken over' | 'locked'> {
  try {
    return await owner.acquire(path);
  } catch (error) {
    if (error instanceof LockedError) return 'locked';
    throw error;
  }
}
