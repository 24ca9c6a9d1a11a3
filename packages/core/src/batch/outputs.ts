import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { signatureOverheadBytes } from '../api/assumptions.ts';
import { bytesSource, type DocumentSource } from '../api/request/document-source.ts';
import type { ContentStore } from '../api/response/signed-content-reader.ts';
import { DocumentFailedError, isSignStashError } from '../errors/errors.ts';
import { fileSource } from '../files/file-source.ts';
import {
  commitTempFile,
  discardTempFile,
  freeBytes,
  outputExists,
  prepareDirectory,
  probeDirectory,
  rejectTempFile,
  rescueTempFile,
  syncDirectory,
  type TempFile,
  tempFileStore,
} from '../files/temp-file.ts';
import { memoryStore } from '../signing/content-stores.ts';
import type { PreparedDocument } from '../signing/document-input.ts';
import type { SignedOutcome } from '../signing/outcome.ts';
import type { FailedDocument } from '../signing/results.ts';
import type { JournalEntry } from './journal.ts';
import type { BatchOptions, BatchResult, SignedBatchDocument } from './options.ts';
import { outputPath } from './output-path.ts';
import { SeenKeys } from './seen-keys.ts';

/** Signed content, in a temporary file or in memory. */
export type Content = TempFile | Uint8Array;

/** One signed document and where it goes. */
export interface Delivery {
  readonly outcome: SignedOutcome<Content>;
  /** Undefined if contents stay in memory. */
  readonly target: string | undefined;
  /** Whether an existing file at the target is this very document, written by a run that was killed before it recorded it. */
  readonly replace: boolean;
  readonly durationMs: number;
}

/** A document whose output is about to be received. */
export interface ExpectedOutput {
  /** Undefined if contents stay in memory. */
  readonly target: string | undefined;
  /** Size of the original. */
  readonly bytes: number;
}

/** Receives the contents of one request. */
export interface RequestOutputs {
  readonly store: ContentStore<Content>;
  /** Removes contents that were received but not delivered, such as those of an answer that could not be parsed. */
  discardUnused(): Promise<void>;
}

/** Where the signed contents of one batch go, and which of them exist already. */
export class Outputs {
  readonly #options: BatchOptions;
  readonly #durable: boolean;
  readonly #viaProxy: boolean;
  readonly #targets = new SeenKeys();
  /** Permissions of new files by prepared directory. */
  readonly #modes = new Map<string, Promise<number>>();
  /** Bytes that requests under way will still write, by directory. */
  readonly #expectedBytes = new Map<string, number>();
  /** Temporary files that were given their final name, rescued or removed. */
  readonly #settled = new WeakSet<TempFile>();

  constructor(options: BatchOptions, { viaProxy }: { viaProxy: boolean }) {
    this.#options = options;
    this.#durable = options.durable ?? viaProxy;
    this.#viaProxy = viaProxy;
  }

  /**
   * The path of a document's output, which no other document of the batch may share.
   *
   * @throws {@link ValidationError} `OUTPUT_EXISTS`
   */
  claim(document: { name: string; path: string | undefined; output: string | undefined }): string | undefined {
    if (this.#options.inMemory) return undefined;
    const target = outputPath(document, this.#options);
    if (this.#targets.add(target) !== undefined) throw outputExists(target);
    return target;
  }

  /**
   * The result of a document that an earlier run finished.
   *
   * @param isStored - Whether its signed content can be restored if the output no longer exists.
   * @throws {@link ValidationError} `OUTPUT_EXISTS` if its output would replace another file.
   * @throws {@link DocumentFailedError} `CONTENT_UNAVAILABLE` if it was signed through the proxy and its output no longer exists.
   */
  async finishedEarlier(
    { reference, name }: PreparedDocument,
    target: string,
    known: JournalEntry | undefined,
    isStored = false,
  ): Promise<SignedBatchDocument | undefined> {
    const { overwrite = false } = this.#options;
    if (!known && overwrite) return undefined;
    const common = { ok: true, reference, name, recovered: false, resumed: true, durationMs: 0 } as const;
    const there = await fileSize(target);
    if (known?.event === 'signed') {
      const { operationId, output } = known;
      const bytes = output === undefined ? undefined : await fileSize(output);
      if (output !== undefined && bytes) {
        return { ...common, ...(operationId === undefined ? {} : { operationId }), outputPath: output, bytes };
      }
      if (this.#viaProxy && !isStored) {
        const message = `${name}: an earlier run signed it as ${output ?? 'content in memory'}, which no longer exists.`;
        const details = { operationId, references: [reference], document: name };
        throw new DocumentFailedError('CONTENT_UNAVAILABLE', message, details);
      }
    }
    if (known?.event === 'sending') {
      // Through the proxy content cannot be retrieved again: a file with the right name is the one that was about to be recorded.
      return this.#viaProxy && !overwrite && there ? { ...common, outputPath: target, bytes: there } : undefined;
    }
    if (!overwrite && there !== undefined) throw outputExists(target);
    return undefined;
  }

  /** The result of a document that another process has signed since it was read; undefined if there is none. */
  async signedMeanwhile(
    { reference, name }: PreparedDocument,
    target: string,
  ): Promise<SignedBatchDocument | undefined> {
    const bytes = this.#options.overwrite ? undefined : await fileSize(target);
    if (!bytes) return undefined;
    const origin = { recovered: true, resumed: false, signedByAnotherProcess: true } as const;
    return { ok: true, reference, name, outputPath: target, bytes, durationMs: 0, ...origin };
  }

  /**
   * Makes ready for the contents of a request before it is sent: directories exist, can be written and have enough space. Contents
   * are stored next to where the first of them goes, so that giving them their names is a rename.
   *
   * @throws {@link DocumentFailedError} `OUTPUT_FAILED` naming the directory. Nothing has been sent then.
   */
  async open(outputs: readonly ExpectedOutput[]): Promise<RequestOutputs> {
    const needed = new Map<string, number>();
    let total = 0;
    for (const { target, bytes } of outputs) {
      if (target === undefined) continue;
      total += bytes + signatureOverheadBytes;
      needed.set(dirname(target), (needed.get(dirname(target)) ?? 0) + bytes + signatureOverheadBytes);
    }
    const [first] = needed.keys();
    if (first === undefined) return { store: memoryStore, discardUnused: async () => {} };
    needed.set(first, total);
    for (const [directory, bytes] of needed) await this.#checkDirectory(directory, bytes);
    for (const [directory, bytes] of needed) this.#expect(directory, bytes);
    const received: TempFile[] = [];
    const createWriter = tempFileStore(first, { durable: this.#durable, rescue: this.#viaProxy });
    return {
      store: () => {
        const writer = createWriter();
        return {
          write: (chunk) => writer.write(chunk),
          finish: async () => {
            const content = await writer.finish();
            received.push(content);
            return content;
          },
          discard: () => writer.discard(),
        };
      },
      discardUnused: async () => {
        for (const [directory, bytes] of needed) this.#expect(directory, -bytes);
        for (const content of received) if (!this.#settled.has(content)) await this.release(content);
      },
    };
  }

  #expect(directory: string, bytes: number): void {
    this.#expectedBytes.set(directory, (this.#expectedBytes.get(directory) ?? 0) + bytes);
  }

  async #checkDirectory(directory: string, bytes: number): Promise<void> {
    try {
      const prepared = this.#modes.get(directory);
      if (prepared) {
        await prepared;
        await probeDirectory(directory);
      } else {
        const mode = prepareDirectory(directory);
        this.#modes.set(directory, mode);
        await mode;
      }
      const free = await freeBytes(directory);
      const needed = bytes + (this.#expectedBytes.get(directory) ?? 0);
      if (free !== undefined && free < needed) throw new Error(`${needed} bytes are needed, ${free} are free`);
    } catch (cause) {
      this.#modes.delete(directory);
      const message = `Cannot write signed documents to ${directory}: ${(cause as Error).message}.`;
      const hint = 'Make the directory writable or free disk space, then run again. The documents were not sent.';
      throw new DocumentFailedError('OUTPUT_FAILED', message, { cause, hint });
    }
  }

  /** Removes content that is not needed. */
  async release(content: Content): Promise<void> {
    if (content instanceof Uint8Array) return;
    this.#settled.add(content);
    await discardTempFile(content);
  }

  /** Reads a content for a check. */
  openContent(content: Content): Promise<DocumentSource> | DocumentSource {
    return content instanceof Uint8Array ? bytesSource(content) : fileSource(content.path);
  }

  /** Keeps content that failed its check as `<output>.rejected`, never in place of the output. @returns Its path. */
  async reject(content: Content, target: string | undefined): Promise<string | undefined> {
    if (content instanceof Uint8Array || target === undefined) return undefined;
    const kept = await rejectTempFile(content, target, { mode: await this.#mode(target) });
    this.#settled.add(content);
    return kept;
  }

  /** Permissions of a new output. */
  async #mode(target: string): Promise<number> {
    return (await this.#modes.get(dirname(target))) ?? 0o600;
  }

  /** Moves contents to their final names, many at a time, so that durability costs few syncs. Results are in the order given. */
  async deliver(deliveries: readonly Delivery[]): Promise<BatchResult[]> {
    const results = await Promise.all(deliveries.map((delivery) => this.#deliverOne(delivery)));
    if (!this.#durable) return results;
    const directories = new Set(results.flatMap(directoryOf));
    const failures = new Map<string, unknown>();
    for (const directory of directories) {
      await syncDirectory(directory).catch((error: unknown) => failures.set(directory, error));
    }
    return results.map((result, index) => {
      const [directory = ''] = directoryOf(result);
      return failures.has(directory) ? notSaved(deliveries[index] as Delivery, failures.get(directory)) : result;
    });
  }

  async #deliverOne(delivery: Delivery): Promise<BatchResult> {
    const { outcome, target, durationMs } = delivery;
    const { operationId, recovered, details, content } = outcome;
    const { reference, name } = outcome.document;
    const found = { ok: true, reference, name, operationId, recovered, document: details } as const;
    const common = { ...found, resumed: false, durationMs } as const;
    if (content instanceof Uint8Array) return { ...common, content, bytes: content.byteLength };
    if (content === undefined || target === undefined) throw new TypeError(`${name} has no content or no output.`);
    const saved = { ...common, outputPath: target, bytes: content.size };
    try {
      const overwrite = this.#options.overwrite === true || delivery.replace;
      const mode = await this.#mode(target);
      await commitTempFile(content, target, { overwrite, durable: this.#durable, mode });
      this.#settled.add(content);
      return saved;
    } catch (error) {
      const taken = isSignStashError(error) && error.code === 'OUTPUT_EXISTS';
      if (taken && (await isSameContent(content.path, target))) {
        await this.release(content);
        return { ...saved, signedByAnotherProcess: true };
      }
      // Through the proxy this is the only copy; the SaaS keeps its own.
      if (this.#viaProxy) {
        const kept = await rescueTempFile(content, target);
        this.#settled.add(content);
        return notSaved(delivery, error, kept);
      }
      await this.release(content);
      return notSaved(delivery, error);
    }
  }
}

/** Bytes of a file; undefined if there is none. */
const fileSize = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );

const directoryOf = (result: BatchResult) => (result.ok && result.outputPath ? [dirname(result.outputPath)] : []);

/** Whether another process has saved the same signed content. */
async function isSameContent(path: string, other: string): Promise<boolean> {
  if ((await fileSize(path)) !== (await fileSize(other))) return false;
  try {
    const chunks = createReadStream(other)[Symbol.asyncIterator]();
    for await (const chunk of createReadStream(path)) {
      const { value } = await chunks.next();
      if (!(chunk as Buffer).equals((value as Buffer | undefined) ?? new Uint8Array(0))) {
        await chunks.return?.();
        return false;
      }
    }
    return true;
  } catch {
    return false;
  }
}

function notSaved({ outcome, target }: Delivery, cause: unknown, kept?: string): FailedDocument {
  const { operationId, document } = outcome;
  const { reference, name } = document;
  const taken = isSignStashError(cause) && cause.code === 'OUTPUT_EXISTS';
  const what = taken
    ? `${name} was signed, but another process has written ${target} meanwhile.`
    : `${name} was signed, but could not be saved as ${target}: ${(cause as Error).message}`;
  const message = kept === undefined ? what : `${what} The only copy is in ${kept}.`;
  const hint =
    kept === undefined
      ? undefined
      : `Move ${kept} to its place. Through the on-premise proxy the content cannot be retrieved again.`;
  const details = { operationId, references: [reference], document: name, cause, hint };
  const error = taken && kept === undefined ? outputExists(target as string, message) : undefined;
  return { ok: false, reference, name, error: error ?? new DocumentFailedError('OUTPUT_FAILED', message, details) };
}
