import type { RequestBody } from '../signing/transport.ts';

/**
 * A request body that is being sent. Remembers why its source failed, which `fetch` would hide behind its own error, and lets
 * the source go as soon as the request ends: a server may answer before it has read everything.
 */
export class Upload {
  readonly stream: ReadableStream<Uint8Array>;
  #source: AsyncIterator<Uint8Array> | undefined;
  #failure: { error: unknown } | undefined;

  constructor(body: RequestBody) {
    this.stream = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            this.#source ??= body.read()[Symbol.asyncIterator]();
            const { done, value } = await this.#source.next();
            if (done) controller.close();
            else controller.enqueue(value);
          } catch (error) {
            this.#failure = { error };
            throw error;
          }
        },
        cancel: () => this.end(),
      },
      // Nothing is read ahead: the source is read as fast as the network accepts data.
      { highWaterMark: 0 },
    );
  }

  /** Why the source failed, where it did. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Closes the source, files included, however much of it was read. Not awaited: a source that hangs must not block the call. */
  end(): void {
    Promise.resolve(this.#source?.return?.()).catch(() => {
      // The request is over: whatever closing brings is no longer of interest.
    });
  }
}
