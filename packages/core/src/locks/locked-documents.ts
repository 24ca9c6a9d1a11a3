import { ConfigurationError, DocumentFailedError, type SignStashError } from '../errors/errors.ts';
import type { SignOptions } from '../signing/client.ts';
import type { PreparedDocument } from '../signing/document-input.ts';
import type { SignRun } from '../signing/sign-exactly-once.ts';
import { type OnWarning, warn } from '../utils/warning.ts';
import { processReferenceLock, type ReferenceLock, referenceKey } from './reference-lock.ts';
import { type HeldReferences, withReferenceLock } from './with-reference-lock.ts';

/** Which lock a client or a batch uses, and for how long it waits. */
export interface LockOptions {
  /**
   * Prevents other processes from signing the same documents at the same time: documents that another process is signing are awaited
   * and then retrieved. Default: within this process only. See {@link FileReferenceLock} and {@link RedisReferenceLock}.
   */
  referenceLock?: ReferenceLock | undefined;
  /**
   * How long to wait for a document that another call or process is signing, before it fails with `REFERENCE_LOCKED`. Milliseconds.
   * Default 600,000; 0 does not wait.
   */
  referenceLockWaitMs?: number | undefined;
}

/** The lock of one client. */
export interface DocumentLocking {
  readonly lock: ReferenceLock;
  /** Milliseconds. */
  readonly waitMs: number;
  /** The system that references are unique in. */
  readonly system: string;
  readonly onWarning: OnWarning | undefined;
}

/** Default of {@link LockOptions.referenceLockWaitMs}. */
const defaultWaitMs = 600_000;

/**
 * The lock of a client, or of one of its calls, which takes precedence.
 *
 * @throws {@link ConfigurationError} naming the option that is wrong.
 */
export function documentLocking(
  { referenceLock, referenceLockWaitMs }: LockOptions,
  client: Pick<DocumentLocking, 'system' | 'onWarning'> & Partial<DocumentLocking>,
): DocumentLocking {
  if (referenceLock !== undefined && typeof referenceLock?.acquire !== 'function') {
    const message =
      'referenceLock has no acquire(): use a FileReferenceLock, a RedisReferenceLock or a ReferenceLock of your own.';
    throw new ConfigurationError('CONFIGURATION_INVALID', 'referenceLock', message);
  }
  if (referenceLockWaitMs !== undefined && !(referenceLockWaitMs >= 0)) {
    const message = `referenceLockWaitMs is ${referenceLockWaitMs}: use 0 or more milliseconds.`;
    throw new ConfigurationError('CONFIGURATION_INVALID', 'referenceLockWaitMs', message);
  }
  const { system, onWarning, lock = processReferenceLock, waitMs = defaultWaitMs } = client;
  return { lock: referenceLock ?? lock, waitMs: referenceLockWaitMs ?? waitMs, system, onWarning };
}

/** What holding the references of some documents means for the call that signs them. */
export interface LockedCall {
  /** The caller's options; documents are looked up first where the lock could not be reached. */
  readonly options: SignOptions;
  /** Checks right before sending that the references are still held, and tells whether someone else may have sent the documents. */
  readonly run: {
    readonly beforeSend: NonNullable<SignRun<never>['beforeSend']>;
    readonly mayHaveBeenSent: boolean;
  };
}

interface LockedWork<Item> {
  /** Ends the wait for others. */
  readonly signal: AbortSignal | undefined;
  /** Signs documents whose references are held, until their results are where they belong. Must not reject. */
  readonly sign: (items: readonly Item[], call: LockedCall) => Promise<void>;
  /** Called for each document that was not sent: `REFERENCE_LOCKED`, or what ended the wait. Must not reject. */
  readonly notSent: (item: Item, problem: unknown) => Promise<void>;
}

/**
 * Signs documents while their references are locked: at once those that are free, later those that someone else is signing.
 * Every document reaches either `sign` or `notSent`. Never rejects.
 */
export async function signLocked<Item extends { readonly document: PreparedDocument }>(
  items: readonly Item[],
  options: SignOptions,
  { lock, waitMs, system, onWarning }: DocumentLocking,
  { signal, sign, notSent }: LockedWork<Item>,
): Promise<void> {
  const open = new Map(items.map((item) => [referenceKey(system, item.document.reference), item]));
  const take = (keys: Iterable<string>) =>
    [...keys].flatMap((key) => {
      const item = open.get(key);
      open.delete(key);
      return item ? [item] : [];
    });
  const onUnreachable = (error: unknown) =>
    warn(onWarning, 'REFERENCE_LOCK_FAILED', 'The reference lock could not be reached', error);
  try {
    await withReferenceLock(lock, [...open.keys()], { waitMs, signal, onUnreachable }, (held) =>
      sign(take(held.keys), lockedCall(options, held)),
    );
    for (const item of take(open.keys())) await notSent(item, lockedElsewhere([item.document]));
  } catch (problem) {
    for (const item of take(open.keys())) await notSent(item, problem);
  }
}

function lockedCall(options: SignOptions, held: HeldReferences): LockedCall {
  return {
    options: held.unprotected ? { ...options, lookUpFirst: true } : options,
    run: {
      mayHaveBeenSent: held.contended,
      beforeSend: async (documents) => {
        if (!(await held.isHeld())) throw lockedElsewhere(documents);
      },
    },
  };
}

function lockedElsewhere(documents: readonly PreparedDocument[]): SignStashError {
  const names = documents.map(({ name }) => name).join(', ');
  const references = documents.map(({ reference }) => reference);
  return new DocumentFailedError('REFERENCE_LOCKED', `${names}: another process is signing it.`, {
    references,
    ...(documents.length === 1 ? { document: names } : {}),
  });
}
