/** The few functions that JavaScript itself lacks; injected so that the client runs in every host that bundles it. */
export interface Platform {
  /** Waits; rejects with the signal's reason when it fires. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** SHA-256 of all chunks, in hexadecimal. */
  sha256(chunks: AsyncIterable<Uint8Array>): Promise<string>;
  /** Starts a SHA-256 over bytes that arrive in pieces. */
  createSha256(): StreamingHash;
  /** The ASCII bytes of the base64 form. */
  toBase64(bytes: Uint8Array): Uint8Array;
  /**
   * Decodes ASCII base64 bytes whose length is a multiple of four, padding included.
   *
   * @param into - Has room for three bytes of each four.
   * @returns How many bytes it wrote.
   */
  fromBase64(ascii: Uint8Array, into: Uint8Array): number;
}

/** A hash in progress. */
export interface StreamingHash {
  update(chunk: Uint8Array): void;
  /** An independent hash with the same state. */
  copy(): StreamingHash;
  /** The digest in hexadecimal; the hash cannot be used afterwards. */
  hex(): string;
}
