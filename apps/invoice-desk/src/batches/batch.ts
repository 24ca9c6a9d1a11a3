import type { ErrorFamily, SignatureOptions } from '@signstash-connect/core';
import type { Verdict } from '@signstash-connect/verify';

/** How every document of a batch is signed. */
export type BatchSignOptions = Pick<SignatureOptions, 'reason' | 'location' | 'visible'>;

/** Documents that were handed in together. */
export interface Batch {
  /** Random, so that it cannot be guessed. */
  id: string;
  /** ISO 8601. */
  createdAt: string;
  options: BatchSignOptions;
  documents: BatchDocument[];
}

export interface BatchDocument {
  id: string;
  name: string;
  /** Bytes before signing. */
  size: number;
  /** The external reference: Sign'Stash sees the same document, whichever process signs it and however often. */
  reference: string;
}

/** The result of a document. Final: it is written once. */
export type DocumentResult =
  | { ok: true; operationId: string; size: number; recovered: boolean; verdict: Verdict }
  | { ok: false; code: string; family: ErrorFamily | 'unknown'; message: string; hint: string };

/** Where one document is. */
export interface DocumentKey {
  batchId: string;
  documentId: string;
}
