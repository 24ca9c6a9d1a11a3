const mark = Buffer.from('"externalReference":"');
/** Bytes that a mark and its reference have at most together. */
const reach = 512;
const doubleQuote = 0x22;

/** Finds the external references in a request as it passes, in JSON and in multipart alike; keeps nothing else of it. */
export class ReferenceScanner {
  readonly found: string[] = [];
  #tail: Buffer = Buffer.alloc(0);

  take(chunk: Buffer): void {
    const before = this.#tail.length;
    // A mark may lie across two chunks; only there is anything copied.
    const seam = Buffer.concat([this.#tail, chunk.subarray(0, reach)]);
    const seamEnd = this.#scan(seam, before);
    const chunkEnd = this.#scan(chunk, chunk.length);
    if (chunk.length > reach) this.#tail = Buffer.from(chunk.subarray(Math.max(chunkEnd, chunk.length - reach)));
    else this.#tail = seam.subarray(Math.max(seamEnd, chunkEnd > 0 ? before + chunkEnd : 0, seam.length - reach));
  }

  /** Takes the references whose marks begin before `limit`. @returns Where the last one ends. */
  #scan(bytes: Buffer, limit: number): number {
    let at = 0;
    for (let start = bytes.indexOf(mark); start >= 0 && start < limit; start = bytes.indexOf(mark, at)) {
      const from = start + mark.length;
      const end = bytes.indexOf(doubleQuote, from);
      if (end < 0) break;
      this.found.push(bytes.toString('latin1', from, end));
      at = end;
    }
    return at;
  }
}
