import type { Clock } from '../utils/clock.ts';
import { systemClock } from '../utils/clock.ts';
import type { ReferenceLease, ReferenceLock } from './reference-lock.ts';

/** Documents of a group that may be sent now. */
export interface HeldReferences {
  readonly keys: readonly string[];
  /**
   * True if someone else held these leases first, and may have signed the documents or died while sending them: look them up for the
   * whole grace period before sending.
   */
  readonly contended: boolean;
  /** True if the lock could not be reached: look the documents up before sending. */
  readonly unprotected: boolean;
  /** To be called right before documents are sent. False: do not send. */
  isHeld(): Promise<boolean>;
}

export interface ReferenceLockOptions {
  /** How long to wait for documents that someone else is signing. Milliseconds. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called if the lock cannot be reached. */
  readonly onUnreachable: (error: unknown) => void;
  readonly clock?: Clock;
}

/** Between two attempts to take leases that someone else holds; doubles from the first to the last. Milliseconds. */
const [firstPauseMs, lastPauseMs] = [50, 1_000];

/**
 * Runs work on documents while their leases are held: at once for those that are free, later for those that someone else holds.
 * No lease is held while waiting for another, so two callers never wait for each other.
 *
 * @returns Keys that someone else still held after {@link ReferenceLockOptions.waitMs}; no work was done for them.
 * @throws The signal's reason, if it fires while waiting.
 */
export async function withReferenceLock(
  lock: ReferenceLock,
  keys: readonly string[],
  { waitMs, signal, onUnreachable, clock = systemClock }: ReferenceLockOptions,
  work: (held: HeldReferences) => Promise<void>,
): Promise<readonly string[]> {
  let remaining = keys;
  let pauseMs = firstPauseMs;
  const giveUpAt = clock.now() + waitMs;
  for (let contended = false; ; contended = true) {
    const lease = await lock.acquire(remaining).catch((error: unknown): ReferenceLease | undefined => {
      onUnreachable(error);
      return undefined;
    });
    if (!lease) {
      await work({ keys: remaining, contended, unprotected: true, isHeld: async () => true });
      return [];
    }
    const held = new Set(lease.keys);
    const abandoned = new Set(contended ? lease.keys : lease.abandoned);
    const run = async (taken: readonly string[], wasHeld: boolean) => {
      if (taken.length > 0) {
        await work({ keys: taken, contended: wasHeld, unprotected: false, isHeld: () => lease.isHeld() });
      }
    };
    try {
      await run(
        lease.keys.filter((key) => !abandoned.has(key)),
        false,
      );
      await run(
        lease.keys.filter((key) => abandoned.has(key)),
        true,
      );
    } finally {
      // A lease that cannot be given back expires.
      await lease.release().catch(onUnreachable);
    }
    remaining = remaining.filter((key) => !held.has(key));
    if (remaining.length === 0 || clock.now() >= giveUpAt) return remaining;
    await clock.sleep(pauseMs, signal);
    pauseMs = Math.min(lastPauseMs, pauseMs * 2);
  }
}
