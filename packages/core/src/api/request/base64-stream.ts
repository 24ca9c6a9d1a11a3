/** Length of the base64 form, padding included. */
export const base64Length = (bytes: number): number => 4 * Math.ceil(bytes / 3);

/** Encodes chunk by chunk; what does not fill a group of three bytes waits for the next chunk. */
export async function* encodeBase64(
  chunks: AsyncIterable<Uint8Array>,
  toBase64: (bytes: Uint8Array) => Uint8Array,
): AsyncIterable<Uint8Array> {
  let rest = new Uint8Array(0);
  for await (const chunk of chunks) {
    // Joining only the few bytes at the seam keeps large chunks from being copied.
    const missing = rest.byteLength === 0 ? 0 : Math.min(3 - rest.byteLength, chunk.byteLength);
    if (rest.byteLength > 0) {
      rest = joined(rest, chunk.subarray(0, missing));
      if (rest.byteLength < 3) continue;
      yield toBase64(rest);
    }
    const whole = chunk.byteLength - missing - ((chunk.byteLength - missing) % 3);
    if (whole > 0) yield toBase64(chunk.subarray(missing, missing + whole));
    rest = new Uint8Array(chunk.subarray(missing + whole));
  }
  if (rest.byteLength > 0) yield toBase64(rest);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.byteLength + b.byteLength);
  both.set(a);
  both.set(b, a.byteLength);
  return both;
}
