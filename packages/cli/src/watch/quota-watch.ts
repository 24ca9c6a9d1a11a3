import type { WatchClient } from './options.ts';

export interface QuotaWatchOptions {
  /** Milliseconds. */
  readonly everyMs: number;
  /** Share of the limit, 0 to 1. */
  readonly warnFrom: number;
  readonly onWarning: (used: number, limit: number) => void;
}

/** Checks at intervals how much of the contract's quota is used, which only the state of an operation reports. */
export class QuotaWatch {
  readonly #operations: WatchClient['operations'];
  readonly #options: QuotaWatchOptions;
  #askedAt = Number.NEGATIVE_INFINITY;
  #warnedAt: number | undefined;
  latest: { readonly used: number; readonly limit: number } | undefined;

  constructor(operations: WatchClient['operations'], options: QuotaWatchOptions) {
    this.#operations = operations;
    this.#options = options;
  }

  /** @param operationId - Of a document that was signed a moment ago. */
  async update(operationId: string): Promise<void> {
    const { everyMs, warnFrom, onWarning } = this.#options;
    if (performance.now() - this.#askedAt < everyMs) return;
    this.#askedAt = performance.now();
    try {
      const { quota } = await this.#operations.getStatus(operationId);
      if (quota?.limit === undefined || quota.used === undefined) return;
      const { used, limit } = quota;
      this.latest = { used, limit };
      // The service counts once a day: the same number needs no further warning.
      if (used >= limit * warnFrom && used !== this.#warnedAt) {
        this.#warnedAt = used;
        onWarning(used, limit);
      }
    } catch {
      // The next signed document asks again; whether documents can be signed shows by itself.
      this.#askedAt = Number.NEGATIVE_INFINITY;
    }
  }
}
