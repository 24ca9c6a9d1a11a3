/** Gathers items into groups bounded by number and size, in order; an item larger than the bound goes alone. */
export class BatchPacker<T> {
  readonly #maxItems: number;
  readonly #maxBytes: number;
  #items: T[] = [];
  #bytes = 0;

  constructor(maxItems: number, maxBytes: number) {
    this.#maxItems = maxItems;
    this.#maxBytes = maxBytes;
  }

  /** Adds an item; returns the groups that it completes. */
  add(item: T, bytes: number): T[][] {
    const groups: T[][] = [];
    if (this.#items.length > 0 && this.#bytes + bytes > this.#maxBytes) groups.push(this.flush());
    this.#items.push(item);
    this.#bytes += bytes;
    if (this.#items.length >= this.#maxItems || this.#bytes >= this.#maxBytes) groups.push(this.flush());
    return groups;
  }

  /** The remaining items, possibly none. */
  flush(): T[] {
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    return items;
  }
}
