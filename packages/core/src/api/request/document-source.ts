/** The bytes of a document. Every read starts from the beginning, so that a retry never finds a consumed stream. */
export interface DocumentSource {
  /** Bytes. */
  readonly size: number;
  /** All bytes, in order. */
  read(): AsyncIterable<Uint8Array>;
  /** The bytes from `start` to before `end`, both within the document. */
  slice(start: number, end: number): Promise<Uint8Array>;
  /** SHA-256 of all bytes in hexadecimal. A source that offers it makes every later read fail where the content has changed. */
  sha256?(): Promise<string>;
}

/** A document that is already in memory. */
export function bytesSource(bytes: Uint8Array): DocumentSource {
  return {
    size: bytes.byteLength,
    async *read() {
      yield bytes;
    },
    slice: async (start, end) => bytes.subarray(start, end),
  };
}

/** A `Blob` or `File`, which may be backed by a file on disk. */
export function blobSource(blob: Blob): DocumentSource {
  return {
    size: blob.size,
    read: () => blob.stream() as unknown as AsyncIterable<Uint8Array>,
    slice: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  };
}
