import { mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReferenceLock } from '@signstash-connect/core';
import type { ReferenceLease } from '@signstash-connect/core/adapter/node';
import { hasCode } from './move-file.ts';
import type { WatchProblem } from './options.ts';

export interface DocumentLockOptions {
  /** Shared by all watchers of the folder. */
  readonly lock: ReferenceLock;
  /** Where references are recorded whose outcome is unknown. */
  readonly directory: string;
  /** Record every document before it is sent: if its state cannot be queried, this is the only record after a crash. */
  readonly recordAll: boolean;
  /** Whether documents may be sent now. */
  readonly maySend: () => boolean;
  /** Whether another watcher has finished the document meanwhile. */
  readonly isGone: (reference: string) => Promise<boolean>;
  /** A short name for a reference that is safe as a file name. */
  readonly hash: (reference: string) => string;
  readonly onUnreachable: (error: unknown) => void;
}

interface HeldLease {
  readonly lease: ReferenceLease;
  readonly open: Set<string>;
  released: boolean;
}

/**
 * The lock that a batch uses, with three differences from the one behind it: a lease lasts until the signed file and the original are
 * in their places, so that no other watcher starts on a document in between; a lock that cannot be reached stops sending instead of
 * continuing without protection; and a document with an unknown outcome counts as abandoned, so that it is looked up for as long as
 * after a lost answer before it is sent again.
 */
export class DocumentLock implements ReferenceLock {
  readonly #options: DocumentLockOptions;
  readonly #held = new Map<string, HeldLease>();
  /** References that were first recorded by the attempt in progress: no earlier one can have sent them. */
  readonly #firstAttempts = new Set<string>();

  constructor(options: DocumentLockOptions) {
    this.#options = options;
  }

  async acquire(keys: readonly string[]): Promise<ReferenceLease> {
    const { lock, maySend, isGone, onUnreachable } = this.#options;
    if (!maySend()) return noLease;
    let lease: ReferenceLease;
    try {
      lease = await lock.acquire(keys);
    } catch (error) {
      onUnreachable(error);
      return noLease;
    }
    const free: string[] = [];
    const abandoned = new Set(lease.abandoned);
    try {
      await Promise.all(
        lease.keys.map(async (key) => {
          const reference = referenceOf(key);
          if (await isGone(reference)) return;
          if (await this.#recordSend(reference)) abandoned.add(key);
          free.push(key);
        }),
      );
      if (!maySend()) free.length = 0;
    } catch (error) {
      onUnreachable(error);
      free.length = 0;
    }
    if (free.length === 0) {
      await lease.release().catch(onUnreachable);
      return noLease;
    }
    const held: HeldLease = { lease, open: new Set(free.map(referenceOf)), released: false };
    for (const reference of held.open) this.#held.set(reference, held);
    return {
      keys: free,
      abandoned: free.filter((key) => abandoned.has(key)),
      fencingToken: lease.fencingToken,
      isHeld: () => lease.isHeld(),
      release: async () => {
        held.released = true;
        await this.#releaseIfSettled(held);
      },
    };
  }

  /** The files of a document are in their places, or it will be tried again. */
  async settled(reference: string): Promise<void> {
    const held = this.#held.get(reference);
    if (!held) return;
    this.#held.delete(reference);
    held.open.delete(reference);
    await this.#releaseIfSettled(held);
  }

  /** The document may have been signed. */
  async recordDoubt(reference: string): Promise<void> {
    this.#firstAttempts.delete(reference);
    await this.#write(this.#path(reference));
  }

  /** The outcome of a document is known. */
  async clearDoubt(reference: string): Promise<void> {
    this.#firstAttempts.delete(reference);
    await rm(this.#path(reference), { force: true });
  }

  /** The attempt in progress did not send the document. */
  async forgetAttempt(reference: string): Promise<void> {
    if (this.#firstAttempts.has(reference)) await this.clearDoubt(reference);
  }

  async #releaseIfSettled({ lease, open, released }: HeldLease): Promise<void> {
    // A lease that cannot be given back expires.
    if (released && open.size === 0) await lease.release().catch(this.#options.onUnreachable);
  }

  /** @returns Whether an earlier attempt may have sent the document. */
  async #recordSend(reference: string): Promise<boolean> {
    const path = this.#path(reference);
    if (this.#options.recordAll) {
      const isFirst = await this.#write(path);
      if (isFirst) this.#firstAttempts.add(reference);
      else this.#firstAttempts.delete(reference);
      return !isFirst;
    }
    return stat(path).then(
      () => true,
      () => false,
    );
  }

  #path(reference: string): string {
    return join(this.#options.directory, this.#options.hash(reference));
  }

  /** @returns False if the record exists already. */
  async #write(path: string): Promise<boolean> {
    await mkdir(this.#options.directory, { recursive: true });
    try {
      const file = await open(path, 'wx');
      try {
        await file.sync();
      } finally {
        await file.close();
      }
      return true;
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    }
  }
}

/** References have no spaces; what is before is the system that they belong to. */
const referenceOf = (key: string) => key.slice(key.lastIndexOf(' ') + 1);

/** As if another process held all of them. */
const noLease: ReferenceLease = { keys: [], isHeld: async () => false, release: async () => {} };

export const lockProblem = (error: unknown): WatchProblem => ({
  code: 'REFERENCE_LOCK_FAILED',
  title: 'The lock cannot be reached',
  detail: `Nothing is sent without it, so that two watchers never sign the same document: ${(error as Error).message}`,
  hint: 'Make the Redis server or the state folder available. Files stay in the input folder until then.',
});
