import type { OperationDocument } from './operation.ts';

/** Signed contents in memory; the oldest is dropped when they exceed the limit. */
export class ContentStore {
  readonly #maxBytes: number;
  readonly #contents = new Map<OperationDocument, Uint8Array>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  put(document: OperationDocument, content: Uint8Array): void {
    this.#contents.set(document, content);
    this.#bytes += content.length;
    for (const [oldest, { length }] of this.#contents) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#contents.delete(oldest);
      this.#bytes -= length;
    }
  }

  get(document: OperationDocument): Uint8Array | undefined {
    return this.#contents.get(document);
  }

  /** The latest content of any other document. */
  another(document: OperationDocument): Uint8Array | undefined {
    return [...this.#contents].findLast(([owner]) => owner !== document)?.[1];
  }

  forgetAll(): void {
    this.#contents.clear();
    this.#bytes = 0;
  }
}
