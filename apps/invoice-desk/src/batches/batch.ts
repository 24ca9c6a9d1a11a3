import type { ErrorFamily, SignatureOptions } from '@signstash-connect/core';

/** How every document of a batch is sealed. */
export type BatchSeal = Pick<SignatureOptions, 'reason' | 'location' | 'visible'>;

/** Documents that were handed in together. */
export interface Batch {
  /** Cannot be guessed: who knows it may see the batch. */
  id: string;
  /** ISO 8601. */
  createdAt: string;
  seal: BatchSeal;
  documents: BatchDocument[];
}

export interface BatchDocument {
  id: string;
  name: string;
  /** Bytes before sealing. */
  size: number;
  /** The external reference: whoever seals this document, and however often, it is the same one at Sign'Stash. */
  reference: string;
}

/** What became of a document. Final: it is written once. */
export type DocumentResult =
  | { ok: true; operationId: string; size: number; recovered: boolean }
  | { ok: false; code: string; family: ErrorFamily; message: string; hint: string };

/** Where one document is. */
export interface DocumentKey {
  batchId: string;
  documentId: string;
}
