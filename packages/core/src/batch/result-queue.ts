import type { BatchResult } from './options.ts';

export interface CountedResult {
  readonly result: BatchResult;
  /** Bytes of the document before signing. */
  readonly bytes: number;
}

/** How much may be in progress at once: read, and not yet delivered to the consumer as a result. */
export interface Window {
  readonly documents: number;
  /** Counts only beyond {@link Window.documentsAtLeast}, since one document may be larger than all this. */
  readonly bytes: number;
  readonly documentsAtLeast: number;
}

/** Queues results for the consumer and limits how far the reader may run ahead of it. */
export class ResultQueue {
  readonly #window: Window;
  readonly #results: CountedResult[] = [];
  #documents = 0;
  #bytes = 0;
  #waiting: (() => void)[] = [];

  constructor(window: Window) {
    this.#window = window;
  }

  /** A document is being read. */
  enter(): void {
    this.#documents++;
  }

  /** Its size is known. */
  addBytes(bytes: number): void {
    this.#bytes += bytes;
  }

  put(result: BatchResult, bytes: number): void {
    this.#results.push({ result, bytes });
    this.wake();
  }

  take(): CountedResult | undefined {
    const next = this.#results.shift();
    if (next) {
      this.#documents--;
      this.#bytes -= next.bytes;
      this.wake();
    }
    return next;
  }

  get full(): boolean {
    const { documents, bytes, documentsAtLeast } = this.#window;
    return this.#documents >= documents || (this.#bytes >= bytes && this.#documents >= documentsAtLeast);
  }

  /** Resolves at the next change. */
  change(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Something changed that only the waiting know how to look at. */
  wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
