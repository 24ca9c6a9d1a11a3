import { actionFor } from '../api/error-table.ts';
import type { SignStashError } from '../errors/errors.ts';
import type { PreparedDocument } from './document-input.ts';
import { asError, isCertain } from './outcome.ts';
import { pollDelay } from './retry-policy.ts';
import { type RetryReadOptions, retryRead } from './retry-read.ts';
import type { ServiceCalls } from './service-calls.ts';

/** The result of look-ups by reference. Every document is in exactly one of the three. */
export interface LookupResult {
  /** Operations, each with the documents that it holds. */
  readonly found: { readonly id: string; readonly documents: readonly PreparedDocument[] }[];
  /** The service says that it does not have them. */
  readonly missing: readonly PreparedDocument[];
  /** The service did not say. */
  readonly failed: ReadonlyMap<PreparedDocument, SignStashError>;
}

interface LookUpsOptions extends RetryReadOptions {
  readonly calls: ServiceCalls;
}

/** How many look-ups run at once. */
const parallelLookups = 8;

/** Asks the service which operations contain the documents. */
export class LookUps {
  readonly #options: LookUpsOptions;

  constructor(options: LookUpsOptions) {
    this.#options = options;
  }

  /** Looks every reference up once. */
  async once(documents: readonly PreparedDocument[]): Promise<LookupResult> {
    const { calls, signal } = this.#options;
    const operations = new Map<string, PreparedDocument[]>();
    const missing = new Set<PreparedDocument>();
    const failed = new Map<PreparedDocument, SignStashError>();
    let stop: SignStashError | undefined;
    await inParallel(documents, parallelLookups, async (document) => {
      try {
        if (stop) throw stop;
        const id = await retryRead(() => calls.operationId(document.reference, { signal }), this.#options);
        if (id === undefined) missing.add(document);
        else operations.set(id, [...(operations.get(id) ?? []), document]);
      } catch (problem) {
        const error = asError(problem, 'look up', signal);
        if (endsLookups(error)) stop = error;
        failed.set(document, error);
      }
    });
    const found = [...operations].map(([id, group]) => ({ id, documents: group }));
    // Parallel answers come in any order; requests keep the caller's.
    return { found, missing: documents.filter((document) => missing.has(document)), failed };
  }

  /** Looks references up again and again, until all are found or time is up; failed look-ups, too. */
  async until(limitMs: number, documents: readonly PreparedDocument[]): Promise<LookupResult> {
    const { platform, policy, signal } = this.#options;
    const found: LookupResult['found'] = [];
    let rest = documents;
    for (let poll = 1, waited = 0; ; poll++) {
      const { missing, failed, ...round } = await this.once(rest);
      found.push(...round.found);
      rest = rest.filter((document) => missing.includes(document) || failed.has(document));
      const stop = [...failed.values()].find(endsLookups);
      if (stop) return { found, missing: [], failed: new Map(rest.map((document) => [document, stop])) };
      if (rest.length === 0 || waited >= limitMs) return { found, missing, failed };
      const delay = Math.min(pollDelay(policy, poll), limitMs - waited);
      try {
        await platform.sleep(delay, signal);
      } catch (problem) {
        const error = asError(problem, 'look up', signal);
        return { found, missing: [], failed: new Map(rest.map((document) => [document, error])) };
      }
      waited += delay;
    }
  }
}

/** Whether every further look-up would fail the same way. */
const endsLookups = (error: SignStashError) => isCertain(error) || actionFor(error) === 'stop';

async function inParallel<I>(items: readonly I[], atOnce: number, work: (item: I) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
