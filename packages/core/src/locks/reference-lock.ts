/**
 * Prevents two runs from signing the same document at the same time: a lease per external reference, taken before anything is sent.
 *
 * The service refuses a reference that it already knows, so the lock does not replace its check. It closes the gap in which two
 * requests with the same reference are under way at once.
 */
export interface ReferenceLock {
  /**
   * Takes the lease of every key that is free, without waiting for the others.
   *
   * @throws Where the lock cannot be reached. The caller then looks documents up before it sends them, and reports a warning.
   */
  acquire(keys: readonly string[]): Promise<ReferenceLease>;
  /** Ends heartbeats and connections that the lock opened itself. */
  close?(): Promise<void>;
}

/** The leases that one call of {@link ReferenceLock.acquire} took. They are renewed until they are released. */
export interface ReferenceLease {
  /** The keys that were free. Someone else holds the others. */
  readonly keys: readonly string[];
  /**
   * Those of {@link ReferenceLease.keys} that an earlier holder never gave back, within the last 24 hours: its process
   * died or lost its lease, and a request that it sent may still be on its way. Such documents are looked up for the whole grace period
   * before they are sent.
   */
  readonly abandoned?: readonly string[] | undefined;
  /**
   * Grows with every lease, where the lock can count across processes (Redis). Storage that the application controls can reject
   * writes with a lower number than it has seen; the service itself does not know such numbers.
   */
  readonly fencingToken?: number | undefined;
  /** Whether this process still holds all of them: a suspended process may have lost them. Called right before documents are sent. */
  isHeld(): Promise<boolean>;
  /** Gives them back. A lease that someone else holds meanwhile is left alone. */
  release(): Promise<void>;
}

/** How long a lease that was never given back is remembered: far longer than any request is on its way. 24 hours, in milliseconds. */
export const abandonedLeaseMs = 24 * 60 * 60 * 1000;

/** A reference in the system that it belongs to: staging and production may share one lock. */
export const referenceKey = (system: string, reference: string): string => `${system} ${reference}`;

/** The default: no two calls in this process sign the same document at the same time. */
export class MemoryReferenceLock implements ReferenceLock {
  readonly #held = new Set<string>();

  async acquire(keys: readonly string[]): Promise<ReferenceLease> {
    const taken = keys.filter((key) => !this.#held.has(key));
    for (const key of taken) this.#held.add(key);
    let released = false;
    return {
      keys: taken,
      isHeld: async () => !released,
      release: async () => {
        if (!released) for (const key of taken) this.#held.delete(key);
        released = true;
      },
    };
  }
}

/** Shared by all clients of this process. */
export const processReferenceLock = new MemoryReferenceLock();
