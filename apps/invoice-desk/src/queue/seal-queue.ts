import type { Batch } from '../batches/batch.ts';

/** Has batches sealed, here or elsewhere. */
export interface SealQueue {
  add(batch: Batch): Promise<void>;
  /** Ids of the documents that are being sealed at this moment. */
  sealing(): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}
