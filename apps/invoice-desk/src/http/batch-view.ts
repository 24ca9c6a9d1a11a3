import type { Batch, DocumentResult } from '../batches/batch.ts';
import type { BatchStore } from '../batches/batch-store.ts';
import type { SignQueue } from '../queue/sign-queue.ts';

/** A document as the page shows it. */
export interface DocumentView {
  id: string;
  name: string;
  size: number;
  state: 'waiting' | 'signing' | 'signed' | 'failed';
  result?: DocumentResult;
}

export interface BatchView {
  id: string;
  done: number;
  total: number;
  documents: DocumentView[];
}

export async function viewBatch(batch: Batch, store: BatchStore, queue: SignQueue): Promise<BatchView> {
  const results = await Promise.all(
    batch.documents.map(({ id }) => store.result({ batchId: batch.id, documentId: id })),
  );
  const done = results.filter((result) => result !== undefined).length;
  const signing = done < results.length ? await queue.signing() : new Set<string>();
  const documents = batch.documents.map(({ id, name, size }, index): DocumentView => {
    const result = results[index];
    if (!result) return { id, name, size, state: signing.has(id) ? 'signing' : 'waiting' };
    return { id, name, size, state: result.ok ? 'signed' : 'failed', result };
  });
  return { id: batch.id, done, total: results.length, documents };
}
