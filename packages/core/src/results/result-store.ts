/** A signed document as a {@link ResultStore} keeps it. */
export interface StoredResult {
  /** The operation that signed it. */
  operationId: string;
  /** The signed bytes. */
  content: Uint8Array;
}

/**
 * Keeps signed contents under their external reference. The on-premise proxy returns a signed document once and stores nothing
 * (API reference, section 4), so without a result store its only copy is the answer to the sign request.
 *
 * Ready-made: {@link folderResultStore} and {@link keyvResultStore}. The stored bytes are the signed documents themselves:
 * protect the store as you protect the documents.
 */
export interface ResultStore {
  get(reference: string): StoredResult | undefined | Promise<StoredResult | undefined>;
  /** Replaces what is stored under the reference. */
  set(reference: string, result: StoredResult): unknown;
}

/** Default age after which a stored result is dropped: 30 days, in milliseconds. */
export const defaultMaxAgeMs = 30 * 24 * 3_600_000;
