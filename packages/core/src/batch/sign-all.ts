import type { DocumentSource } from '../api/request/document-source.ts';
import type { DocumentLocking } from '../locks/locked-documents.ts';
import type { SignOptions } from '../signing/client.ts';
import type { DocumentInput, PreparedDocument } from '../signing/document-input.ts';
import type { SignRun } from '../signing/sign-exactly-once.ts';
import { BatchRun } from './batch-run.ts';
import type { BatchInput, BatchOptions, SignBatch } from './options.ts';

/** The part of a client that a batch uses. */
export interface BatchClient {
  prepare(input: DocumentInput<DocumentSource>, position: number, options: SignOptions): Promise<PreparedDocument>;
  signPreparedWith<T>(documents: readonly PreparedDocument[], options: SignOptions, run: SignRun<T>): Promise<void>;
  /** Whether the signed content of a document can be restored without the service. */
  isStored?(reference: string): Promise<boolean>;
  readonly viaProxy: boolean;
  readonly locking: DocumentLocking;
}

/**
 * Signs any number of documents. Work begins with the first result that is requested, and stops, with everything temporary
 * removed, when the consumer leaves the loop.
 *
 * Iterating throws `ConfigurationError` before anything is sent, and `AbortedError` after the last result where the caller's
 * signal ended the batch; everything that happens to a document is in its result.
 */
export function signAll(client: BatchClient, input: BatchInput, options: BatchOptions = {}): SignBatch {
  const run = new BatchRun(client, input, options);
  // All loops share one iterator: a second loop continues where the first stopped and signs nothing twice.
  const results = run.results();
  return {
    [Symbol.asyncIterator]: () => results,
    get summary() {
      return run.summary;
    },
  };
}
