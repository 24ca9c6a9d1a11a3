import { resolve } from 'node:path';
import type { BatchDocument, BatchProgress, BatchResult } from '../batch/options.ts';
import { isSignStashError, type SignStashError, ValidationError } from '../errors/errors.ts';
import { describeError } from './describe-error.ts';
import { displayName, type FoundFile, findDocuments, type SignFilesOptions } from './find-documents.ts';
import { checkOutputOptions, outputPath } from './output-names.ts';
import { type PlacedFile, placeSignedFile, replaceablePath, stagingPath } from './place-file.ts';
import { type PreparedFile, prepareFile } from './prepare-file.ts';
import { type FileResult, Report } from './report.ts';

/**
 * Finds, checks, signs and places files, and reports on each. Every file is opened, checked and hashed once. One file that fails
 * does not fail the others.
 *
 * @param patterns - Paths and glob patterns, relative to the working directory; `!` excludes.
 * @throws `ConfigurationError` if options contradict each other, before anything is read or sent.
 */
export async function signFiles(patterns: readonly string[], options: SignFilesOptions): Promise<Report> {
  checkOutputOptions(options);
  const started = performance.now();
  const run = new FileRun(options);
  const { files, missing } = await findDocuments(patterns, options);
  options.onFound?.({ files, missing });
  await (options.dryRun ? run.check(files) : run.sign(files));
  return run.report(files, missing, performance.now() - started);
}

/** All files exist, so only a busy machine delays the next one. Milliseconds. */
const lingerMs = 2_000;

class FileRun {
  readonly #options: SignFilesOptions;
  readonly #root: string;
  readonly #results = new Map<string, FileResult>();
  readonly #byReference = new Map<string, PreparedFile>();
  #stoppedBy: SignStashError | undefined;

  constructor(options: SignFilesOptions) {
    this.#options = options;
    this.#root = resolve(options.root ?? '.');
  }

  async check(files: readonly FoundFile[]): Promise<void> {
    for (const [{ name }, { reference }] of await this.#checkAll(files)) {
      this.#add({ file: name, status: 'checked', reference });
    }
  }

  async sign(files: readonly FoundFile[]): Promise<void> {
    const { client, signal, overwrite = false, inPlace = false, sign, onProgress } = this.#options;
    const started = performance.now();
    if (!client) throw new TypeError('signFiles needs a client, except for a dry run.');
    const { batchSize, concurrency, maxRequestBytes, journal, durable, description, lookUpFirst, timeoutMs } =
      this.#options;
    const { recoveredContent, referenceLock, referenceLockWaitMs } = this.#options;
    const given = {
      batchSize,
      concurrency,
      maxRequestBytes,
      journal,
      durable,
      description,
      lookUpFirst,
      recoveredContent,
      timeoutMs,
      referenceLock,
      referenceLockWaitMs,
      signal,
      onProgress:
        onProgress && ((progress: BatchProgress) => onProgress(this.#overall(progress, files.length, started))),
    };
    const batch = client.signAll(this.#documents(files), {
      ...sign,
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      overwrite: overwrite || inPlace,
      lingerMs,
    });
    try {
      for await (const result of batch) await this.#finish(result);
    } catch (error) {
      if (!signal?.aborted || !isSignStashError(error)) throw error;
    }
    this.#stoppedBy = batch.summary.stoppedBy;
  }

  report(files: readonly FoundFile[], missing: readonly string[], durationMs: number): Report {
    const stoppedBy = this.#stoppedBy && describeError(this.#stoppedBy, this.#options.describe);
    const reason = stoppedBy
      ? stoppedBy.title
      : this.#options.signal?.aborted
        ? 'the run was cancelled'
        : 'the run stopped first';
    const results = files.map(
      ({ name }) => this.#results.get(name) ?? { file: name, status: 'not-sent' as const, reason },
    );
    return new Report(results, { durationMs, missing, ...(stoppedBy ? { stoppedBy } : {}) });
  }

  /**
   * Prepared one by one, as fast as the batch takes them. Requests in progress continue when it ends. With `failFast`, all files are
   * checked before the first is sent.
   */
  async *#documents(files: readonly FoundFile[]): AsyncGenerator<BatchDocument> {
    const { failFast = false } = this.#options;
    const checked = failFast ? await this.#checkAll(files) : undefined;
    for (const file of files) {
      if (failFast && this.#hasFailed) return;
      const prepared = checked ? checked.get(file) : await this.#prepare(file);
      if (prepared) yield prepared.document;
    }
  }

  async #checkAll(files: readonly FoundFile[]): Promise<Map<FoundFile, PreparedFile>> {
    const checked = new Map<FoundFile, PreparedFile>();
    for (const file of files) {
      if (this.#options.signal?.aborted) break;
      const prepared = await this.#prepare(file);
      try {
        await prepared?.check();
        if (prepared) checked.set(file, prepared);
      } catch (error) {
        this.#fail(file, error);
      }
    }
    return checked;
  }

  get #hasFailed(): boolean {
    return [...this.#results.values()].some(({ status }) => status === 'failed');
  }

  /** Undefined if the file already has a result. */
  async #prepare(file: FoundFile): Promise<PreparedFile | undefined> {
    const { inPlace, skipSigned = true, directory, suffix } = this.#options;
    try {
      const where = {
        directory: directory === undefined ? undefined : resolve(this.#root, directory),
        suffix,
        inPlace,
      };
      const target = inPlace
        ? await replaceablePath(file, this.#root)
        : outputPath(file, { ...where, root: this.#root });
      const prepared = await prepareFile(file, {
        ...this.#options,
        skipSigned,
        target,
        output: inPlace ? stagingPath(target) : resolve(target),
      });
      if (prepared === 'signed') {
        this.#add({ file: file.name, status: 'skipped', reason: 'it is already signed' });
        return undefined;
      }
      this.#assertUniqueReference(prepared);
      return prepared;
    } catch (error) {
      this.#fail(file, error);
      return undefined;
    }
  }

  /** The batch does not know how many files are still to come, nor those that it never received. */
  #overall(progress: BatchProgress, total: number, started: number): BatchProgress {
    const results = [...this.#results.values()];
    const done = results.length;
    const failed = results.filter(({ status }) => status === 'failed').length;
    const etaMs = done === 0 ? undefined : ((performance.now() - started) / done) * (total - done);
    return { ...progress, done, failed, total, ...(etaMs === undefined ? {} : { etaMs }) };
  }

  #assertUniqueReference(prepared: PreparedFile): void {
    const { reference, file } = prepared;
    const other = this.#byReference.get(reference);
    if (other) {
      const message = `${file.name} and ${other.file.name} have the same external reference ${reference}.`;
      throw new ValidationError('DUPLICATE_REFERENCE', message, { document: file.name, references: [reference] });
    }
    this.#byReference.set(reference, prepared);
  }

  async #finish(result: BatchResult): Promise<void> {
    const prepared = this.#byReference.get(result.reference);
    if (!prepared) throw new Error(`There is a result for ${result.name}, which was not sent.`);
    const { file } = prepared;
    const known = { reference: result.reference };
    if (!result.ok) return this.#fail(file, result.error, known);
    try {
      const { operationId, recovered, resumed } = result;
      const placed = await placeSignedFile(prepared, result, this.#options);
      this.#add({
        file: file.name,
        status: 'signed',
        ...known,
        ...given(operationId),
        ...this.#named(placed),
        ...(recovered || resumed ? { recovered: true } : {}),
      });
    } catch (error) {
      this.#fail(file, error, { ...known, ...given(result.operationId) });
    }
  }

  #named({ path, bytes, sha256 }: PlacedFile) {
    return { output: displayName(path, this.#root), bytes, sha256 };
  }

  #fail(file: FoundFile, error: unknown, known: Partial<FileResult> = {}): void {
    const { code, title, detail, hint } = describeError(error, this.#options.describe);
    const status = code === 'ABORTED' ? 'cancelled' : 'failed';
    this.#add({ file: file.name, status, ...known, problem: { code, title, detail, hint } });
  }

  #add(result: FileResult): void {
    this.#results.set(result.file, result);
    this.#options.onResult?.(result);
  }
}

const given = (operationId: string | undefined) => (operationId === undefined ? {} : { operationId });
