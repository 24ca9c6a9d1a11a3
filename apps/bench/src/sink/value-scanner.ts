/** Bytes that a key and its value have at most together. */
const reach = 512;
const doubleQuote = 0x22;

/** Finds the values of one JSON key in a request as it passes, in JSON and in multipart alike; keeps nothing else of it. */
export class ValueScanner {
  readonly found: string[] = [];
  readonly #mark: Buffer;
  #tail: Buffer = Buffer.alloc(0);

  constructor(key: string) {
    this.#mark = Buffer.from(`"${key}":"`);
  }

  add(chunk: Buffer): void {
    const before = this.#tail.length;
    // A key may be split across two chunks; only that part is copied.
    const seam = Buffer.concat([this.#tail, chunk.subarray(0, reach)]);
    const seamEnd = this.#scan(seam, before);
    const chunkEnd = this.#scan(chunk, chunk.length);
    if (chunk.length > reach) this.#tail = Buffer.from(chunk.subarray(Math.max(chunkEnd, chunk.length - reach)));
    else this.#tail = seam.subarray(Math.max(seamEnd, chunkEnd > 0 ? before + chunkEnd : 0, seam.length - reach));
  }

  /** Takes the values whose keys begin before `limit`. @returns Where the last one ends. */
  #scan(bytes: Buffer, limit: number): number {
    let at = 0;
    for (let start = bytes.indexOf(this.#mark); start >= 0 && start < limit; start = bytes.indexOf(this.#mark, at)) {
      const from = start + this.#mark.length;
      const end = bytes.indexOf(doubleQuote, from);
      if (end < 0) break;
      this.found.push(bytes.toString('latin1', from, end));
      at = end;
    }
    return at;
  }
}
