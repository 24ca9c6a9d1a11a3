import type { Batch } from '../batches/batch.ts';

/** Signs batches, in this process or in workers. */
export interface SignQueue {
  /** @throws If the batch could not be queued; none of it will be signed. */
  add(batch: Batch): Promise<void>;
  /** Ids of the documents that are being signed at this moment. */
  signing(): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}
