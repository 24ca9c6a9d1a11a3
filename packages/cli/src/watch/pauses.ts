/** Lengths of the pauses while nothing can be signed: doubling from the first to the longest, until something is signed. */
export class Pauses {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #number = 0;

  constructor([firstMs, longestMs]: readonly [number, number]) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
  }

  next(): number {
    return Math.min(this.#longestMs, this.#firstMs * 2 ** this.#number++);
  }

  reset(): void {
    this.#number = 0;
  }
}
