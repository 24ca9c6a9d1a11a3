import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, type FileHandle, link, open, readdir, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, type ProcessIdentity, thisProcess } from '../files/process-identity.ts';
import { cannotLink } from '../files/temp-file.ts';

export interface LockFileOptions {
  /** Default: this process. */
  readonly identity?: ProcessIdentity | undefined;
  /** Milliseconds between two heartbeats. Default 5,000. */
  readonly renewEveryMs?: number | undefined;
  /** Milliseconds without a heartbeat after which a lock of another machine or container may be taken over. Default 30,000. */
  readonly staleAfterMs?: number | undefined;
}

/** Another process holds the lock. */
export class LockedError extends Error {}

/** What a lock file says about its owner. */
interface Holder extends Partial<ProcessIdentity> {
  readonly id: string;
  /** Time of the last heartbeat, by the clock of the file system. Milliseconds. */
  readonly renewedAt: number;
}

/** A take-over that loses a race starts again this often. */
const maxAttempts = 10;
const ownerFile = /^\.signstash-lock-([0-9a-f]{16})\.owner$/;

/**
 * Owner of any number of lock files in one directory. Each lock is a hard link to the owner's own file: it appears at once and
 * complete, needs no disk space, and one heartbeat renews them all.
 *
 * A lock whose owner is gone is taken over in two steps. The successor first creates a claim named after the id of the old owner,
 * which only one process can do since ids are never used twice, then renames the claim over the lock. A process that acts on an
 * outdated view finds either the claim or another id, so it never removes a lock that is in use.
 */
export class LockFileOwner {
  readonly #id = randomUUID().replaceAll('-', '').slice(0, 16);
  readonly #identity: ProcessIdentity;
  readonly #path: string;
  readonly #content: Buffer;
  readonly #staleAfterMs: number;
  /** Locks that are copies, on file systems without hard links. */
  readonly #copies = new Set<string>();
  #file: FileHandle | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  private constructor(directory: string, { identity = thisProcess, staleAfterMs = 30_000 }: LockFileOptions) {
    this.#identity = identity;
    this.#staleAfterMs = staleAfterMs;
    this.#path = join(directory, `.signstash-lock-${this.#id}.owner`);
    this.#content = Buffer.from(JSON.stringify({ id: this.#id, ...identity }));
  }

  /** Creates the owner's file in an existing directory, and removes those that dead processes left in it. */
  static async create(directory: string, options: LockFileOptions = {}): Promise<LockFileOwner> {
    const owner = new LockFileOwner(directory, options);
    try {
      owner.#file = await open(owner.#path, 'wx', 0o600);
      await owner.#renew();
      await owner.#removeDeadOwners(directory);
    } catch (error) {
      await owner.close();
      throw error;
    }
    owner.#heartbeat = setInterval(() => {
      // A failed heartbeat is not an error: ownership is checked before every use.
      owner.#renew().catch(() => {});
    }, options.renewEveryMs ?? 5_000);
    owner.#heartbeat.unref();
    return owner;
  }

  /**
   * @returns `taken over` if another owner had the lock when this call began, `free` if no other owner had it.
   * @throws {@link LockedError} if another process holds the lock, or is just taking it over.
   */
  async acquire(path: string): Promise<'free' | 'taken over'> {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      if (await this.#linkTo(path)) return attempt === 1 ? 'free' : 'taken over';
      const holder = await readHolder(path);
      if (!holder) continue;
      await this.#refuseAlive(holder);
      if (await this.#replace(path, holder)) return 'taken over';
    }
    throw new LockedError('several processes are trying to take it over');
  }

  /** Removes the lock of an owner that is gone, once its last heartbeat is older than this. Milliseconds. */
  async removeAbandoned(path: string, olderThanMs: number): Promise<void> {
    const holder = await readHolder(path);
    if (!holder || (await this.#now()) - holder.renewedAt <= olderThanMs) return;
    try {
      await this.acquire(path);
    } catch (error) {
      if (error instanceof LockedError) return;
      throw error;
    }
    await this.release(path);
  }

  /** Whether the lock still belongs to this owner: after a suspension another process may have taken it over. */
  async isOwner(path: string): Promise<boolean> {
    return (await readHolder(path))?.id === this.#id;
  }

  /** Gives a lock back; one that another process took over meanwhile is left alone. */
  async release(path: string): Promise<void> {
    const claim = `${path}.${this.#id}`;
    this.#copies.delete(path);
    // Whoever takes the lock over holds this claim. Where the owner's file is gone, the lock is left to go stale.
    const claimed = await this.#linkTo(claim).catch(() => false);
    if (!claimed) return;
    if (await this.isOwner(path)) await rm(path, { force: true });
    await this.#drop(claim);
  }

  /** Stops the heartbeat and removes the owner's file. Locks must be released before. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#file?.close();
    this.#file = undefined;
    await rm(this.#path, { force: true });
  }

  /** Puts this owner's lock in the place of a dead holder's. @returns False if another process was faster. */
  async #replace(path: string, holder: Holder): Promise<boolean> {
    const claim = `${path}.${holder.id}`;
    if (!(await this.#linkTo(claim))) {
      const rival = await readHolder(claim);
      if (!rival) return false;
      await this.#refuseAlive(rival);
      // Its process died in the middle of a take-over.
      if (!(await this.#replace(claim, rival))) return false;
    }
    // The claim counts only while the lock is the one that it names.
    if ((await readHolder(path))?.id !== holder.id) {
      await this.#drop(claim);
      return false;
    }
    try {
      await rename(claim, path);
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return false;
      throw error;
    }
    if (this.#copies.delete(claim)) this.#copies.add(path);
    return this.isOwner(path);
  }

  async #refuseAlive(holder: Holder): Promise<void> {
    const { host, pid, started, renewedAt } = holder;
    if (host === this.#identity.host && pid !== undefined && started !== undefined) {
      if (isRunning({ pid, started })) throw new LockedError(`process ${pid} is using it`);
      return;
    }
    if ((await this.#now()) - renewedAt > this.#staleAfterMs) return;
    const seconds = Math.round(this.#staleAfterMs / 1000);
    throw new LockedError(`a process on another machine or in another container used it within the last ${seconds} s`);
  }

  /** By the file system's own clock: those of two machines may differ. */
  async #now(): Promise<number> {
    await this.#renew();
    return (await this.#file?.stat())?.mtimeMs ?? Date.now();
  }

  /** Creates a lock or a claim at once and exclusively. @returns False if the name is taken. */
  async #linkTo(target: string): Promise<boolean> {
    try {
      await link(this.#path, target);
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === 'EEXIST') return false;
      if (!cannotLink(error)) throw error;
    }
    try {
      await copyFile(this.#path, target, constants.COPYFILE_EXCL);
      this.#copies.add(target);
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === 'EEXIST') return false;
      await rm(target, { force: true });
      throw error;
    }
  }

  async #drop(claim: string): Promise<void> {
    this.#copies.delete(claim);
    await rm(claim, { force: true });
  }

  async #renew(): Promise<void> {
    await this.#file?.write(this.#content, 0, this.#content.byteLength, 0);
    // Without this, a network file system may hold the write, and with it the time, back.
    await this.#file?.datasync();
    for (const path of this.#copies) {
      if (await this.isOwner(path)) await utimes(path, new Date(), new Date());
    }
  }

  async #removeDeadOwners(directory: string): Promise<void> {
    for (const name of await readdir(directory)) {
      if (!ownerFile.test(name) || name.includes(this.#id)) continue;
      const path = join(directory, name);
      const holder = await readHolder(path);
      const alive = holder && (await this.#refuseAlive(holder).catch(() => 'alive'));
      if (holder && alive === undefined) await rm(path, { force: true });
    }
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { ino, mtimeMs } = await file.stat();
    const { id, host, pid, started } = parseObject(await file.readFile('utf8'));
    const identity =
      typeof host === 'string' && typeof pid === 'number' && typeof started === 'string' ? { host, pid, started } : {};
    // A file without a valid id was not written by this class, or not completely.
    const known = typeof id === 'string' && /^[0-9a-f]{16}$/.test(id) ? id : `inode-${ino}`;
    return { id: known, renewedAt: mtimeMs, ...identity };
  } finally {
    await file.close();
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
