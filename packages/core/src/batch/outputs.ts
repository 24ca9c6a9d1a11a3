import { dirname } from 'node:path';
import { bytesSource, type DocumentSource } from '../api/request/document-source.ts';
import type { ContentStore } from '../api/response/signed-content-reader.ts';
import { DocumentFailedError } from '../errors/errors.ts';
import { fileSize } from '../files/file-size.ts';
import { fileSource } from '../files/file-source.ts';
import {
  commitSpooled,
  discardSpooled,
  keepSpooled,
  outputExists,
  prepareDirectory,
  rejectSpooled,
  spoolStore,
  syncDirectory,
  type TempFile,
} from '../files/temp-file.ts';
import { memoryStore } from '../signing/content-stores.ts';
import type { PreparedDocument } from '../signing/document-input.ts';
import type { SignedOutcome } from '../signing/sign-exactly-once.ts';
import type { JournalEntry } from './journal.ts';
import type { BatchFailed, BatchOptions, BatchResult, BatchSigned } from './options.ts';
import { outputPath } from './output-path.ts';

/** Sealed content, wherever it waits. */
export type Content = TempFile | Uint8Array;

/** One sealed document and where it goes. */
export interface Delivery {
  readonly outcome: SignedOutcome<Content>;
  /** Undefined where contents stay in memory. */
  readonly target: string | undefined;
  /** Whether what lies at the target, from a run that was killed before it could record it, is this very document. */
  readonly replace: boolean;
  readonly durationMs: number;
}

/** Where the sealed contents of one batch go, and what lies there already. */
export class Outputs {
  readonly #options: BatchOptions;
  readonly #durable: boolean;
  readonly #viaProxy: boolean;
  readonly #targets = new Set<string>();
  readonly #directories = new Set<string>();

  constructor(options: BatchOptions, { viaProxy }: { viaProxy: boolean }) {
    this.#options = options;
    this.#durable = options.durable ?? viaProxy;
    this.#viaProxy = viaProxy;
  }

  /**
   * The path of a document's output, which no other document of the batch may have.
   *
   * @throws {@link ValidationError} `OUTPUT_EXISTS`
   */
  claim(document: { name: string; path: string | undefined; output: string | undefined }): string | undefined {
    if (this.#options.inMemory) return undefined;
    const target = outputPath(document, this.#options);
    if (this.#targets.has(target)) throw outputExists(target);
    this.#targets.add(target);
    return target;
  }

  /**
   * The result of a document that an earlier run finished.
   *
   * @throws {@link ValidationError} `OUTPUT_EXISTS` where its output would replace a file that is not its own.
   * @throws {@link DocumentFailedError} `CONTENT_UNAVAILABLE` where it was finished through the proxy and is gone since.
   */
  async finishedEarlier(
    { reference, name }: PreparedDocument,
    target: string,
    known: JournalEntry | undefined,
  ): Promise<BatchSigned | undefined> {
    const { overwrite = false } = this.#options;
    if (!known && overwrite) return undefined;
    const common = { ok: true, reference, name, recovered: false, resumed: true, durationMs: 0 } as const;
    const there = await fileSize(target);
    if (known?.event === 'sealed') {
      const { operationId, output } = known;
      const bytes = output === undefined ? undefined : await fileSize(output);
      if (output !== undefined && bytes) {
        return { ...common, ...(operationId === undefined ? {} : { operationId }), outputPath: output, bytes };
      }
      if (this.#viaProxy) {
        const message = `${name}: an earlier run sealed it as ${output ?? 'content in memory'}, which is gone.`;
        const details = { operationId, references: [reference], document: name };
        throw new DocumentFailedError('CONTENT_UNAVAILABLE', message, details);
      }
    }
    if (known?.event === 'sending') {
      // Through the proxy no second copy can be had: a file under the right name is the one that was about to be recorded.
      return this.#viaProxy && !overwrite && there ? { ...common, outputPath: target, bytes: there } : undefined;
    }
    if (!overwrite && there !== undefined) throw outputExists(target);
    return undefined;
  }

  /** Takes contents as they arrive: next to where the first of them goes, so that giving them their names is a rename. */
  async store(targets: readonly (string | undefined)[]): Promise<ContentStore<Content>> {
    const directories = targets.flatMap((target) => (target === undefined ? [] : [dirname(target)]));
    for (const directory of new Set(directories)) {
      if (this.#directories.has(directory)) continue;
      await prepareDirectory(directory);
      this.#directories.add(directory);
    }
    const [first] = directories;
    return first === undefined ? memoryStore : spoolStore(first, { durable: this.#durable });
  }

  /** Lets go of content that nobody wants. */
  async release(content: Content): Promise<void> {
    if (!(content instanceof Uint8Array)) await discardSpooled(content);
  }

  /** Reads a content for a check. */
  open(content: Content): Promise<DocumentSource> | DocumentSource {
    return content instanceof Uint8Array ? bytesSource(content) : fileSource(content.path);
  }

  /** Keeps content that failed its check as `<output>.rejected`, never in place of the output. @returns Its path. */
  async reject(content: Content, target: string | undefined): Promise<string | undefined> {
    if (content instanceof Uint8Array || target === undefined) return undefined;
    return rejectSpooled(content, target);
  }

  /** Gives contents their names, many at a time, so that what is durable costs few syncs. Results in the order given. */
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
      return failures.has(directory) ? unsaved(deliveries[index] as Delivery, failures.get(directory)) : result;
    });
  }

  async #deliverOne(delivery: Delivery): Promise<BatchResult> {
    const { outcome, target, durationMs } = delivery;
    const { operationId, recovered, facts, content, document } = outcome;
    const { reference, name } = document;
    const common = { ok: true, reference, name, operationId, recovered, facts, resumed: false, durationMs } as const;
    if (content instanceof Uint8Array) return { ...common, content, bytes: content.byteLength };
    if (content === undefined || target === undefined) throw new TypeError(`${name} has no content or no output.`);
    try {
      const overwrite = this.#options.overwrite === true || delivery.replace;
      await commitSpooled(content, target, { overwrite, durable: this.#durable });
      return { ...common, outputPath: target, bytes: content.size };
    } catch (error) {
      // The service keeps what it seals; through the proxy this is the only copy.
      if (this.#viaProxy) return unsaved(delivery, error, await keepSpooled(content, target));
      await discardSpooled(content);
      return unsaved(delivery, error);
    }
  }
}

const directoryOf = (result: BatchResult) => (result.ok && result.outputPath ? [dirname(result.outputPath)] : []);

function unsaved({ outcome, target }: Delivery, cause: unknown, kept?: string): BatchFailed {
  const { operationId, document } = outcome;
  const { reference, name } = document;
  const where = kept === undefined ? '' : ` The only copy lies in ${kept}.`;
  const message = `${name}: it was sealed, but could not be saved as ${target}: ${(cause as Error).message}${where}`;
  const hint = kept === undefined ? undefined : `Move ${kept} to its place: the service has no other copy.`;
  const details = { operationId, references: [reference], document: name, cause, hint };
  return { ok: false, reference, name, error: new DocumentFailedError('OUTPUT_FAILED', message, details) };
}
