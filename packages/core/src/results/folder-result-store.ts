import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '../errors/errors.ts';
import { defaultMaxAgeMs, type ResultStore, type StoredResult } from './result-store.ts';

export interface FolderResultStoreOptions {
  /** Bytes of all documents together; the oldest are removed first. Default 1 GiB. */
  maxBytes?: number;
  /** Milliseconds after which a document is removed. Default 30 days. */
  maxAgeMs?: number;
  /** Milliseconds since the epoch. Default `Date.now`; for tests. */
  now?: () => number;
}

const suffix = '.result';
const temporarySuffix = '.tmp';
/** A temporary file older than this belongs to a process that was killed while writing. */
const temporaryAgeMs = 3_600_000;
/** How often the folder is searched for expired documents while it has room. */
const sweepIntervalMs = 60_000;

/**
 * Keeps signed documents in a folder, which several processes may share. The folder is created, readable by its owner only;
 * each file is flushed to disk and appears complete.
 *
 * @throws `ConfigurationError` if a limit is not a positive number.
 */
export function folderResultStore(directory: string, options: FolderResultStoreOptions = {}): ResultStore {
  const { maxBytes = 1024 ** 3, maxAgeMs = defaultMaxAgeMs, now = Date.now } = options;
  for (const [setting, value] of Object.entries({ maxBytes, maxAgeMs })) {
    if (value > 0) continue;
    const message = `Invalid ${setting} ${String(value)}: expected a positive number.`;
    throw new ConfigurationError('CONFIGURATION_INVALID', setting, message);
  }
  return new FolderResultStore(directory, { maxBytes, maxAgeMs, now });
}

class FolderResultStore implements ResultStore {
  readonly #directory: string;
  readonly #limits: Required<FolderResultStoreOptions>;
  /** Bytes in the folder as of the last sweep, plus what was written since. */
  #bytes = Number.POSITIVE_INFINITY;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(directory: string, limits: Required<FolderResultStoreOptions>) {
    this.#directory = directory;
    this.#limits = limits;
  }

  async get(reference: string): Promise<StoredResult | undefined> {
    const path = this.#path(reference);
    try {
      const { mtimeMs } = await stat(path);
      if (this.#limits.now() - mtimeMs > this.#limits.maxAgeMs) return undefined;
      return decode(await readFile(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async set(reference: string, result: StoredResult): Promise<void> {
    const { maxBytes } = this.#limits;
    const bytes = encode(result);
    if (bytes.byteLength > maxBytes) {
      throw new Error(
        `The signed document needs ${bytes.byteLength} bytes; maxBytes of the result folder is ${maxBytes}.`,
      );
    }
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = this.#path(reference);
    const temporary = `${path}.${randomUUID()}${temporarySuffix}`;
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        // This may be the only copy: it must survive a power failure.
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    this.#bytes += bytes.byteLength;
    if (this.#bytes > maxBytes || this.#limits.now() - this.#sweptAt >= sweepIntervalMs) await this.#sweep(path);
  }

  /** Removes what is too old, then the oldest until the rest fits; never the file that was just written. */
  async #sweep(justWritten: string): Promise<void> {
    const { maxBytes, maxAgeMs, now } = this.#limits;
    const time = now();
    const files: { path: string; size: number; mtimeMs: number }[] = [];
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      // Another process may have removed it meanwhile.
      const found = await stat(path).catch(() => undefined);
      if (found === undefined) continue;
      if (name.endsWith(temporarySuffix) && time - found.mtimeMs > temporaryAgeMs) await rm(path, { force: true });
      if (name.endsWith(suffix)) files.push({ path, size: found.size, mtimeMs: found.mtimeMs });
    }
    files.sort((a, b) => a.mtimeMs - b.mtimeMs);
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size, mtimeMs } of files) {
      if (path === justWritten || (total <= maxBytes && time - mtimeMs <= maxAgeMs)) continue;
      await rm(path, { force: true });
      total -= size;
    }
    this.#bytes = total;
    this.#sweptAt = time;
  }

  /** Hashed: a reference may hold characters that a file name cannot. */
  #path(reference: string): string {
    return join(this.#directory, `${sha256(reference)}${suffix}`);
  }
}

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** One line of JSON, then the content: a single file, so that both appear together. */
function encode({ operationId, content }: StoredResult): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ operationId, sha256: sha256(content) })}\n`), content]);
}

/** Undefined for a damaged file: the signed content must be complete or absent. */
function decode(bytes: Buffer): StoredResult | undefined {
  const end = bytes.indexOf('\n');
  const content = bytes.subarray(end + 1);
  try {
    const head = JSON.parse(bytes.toString('utf8', 0, end)) as { operationId: string; sha256: string };
    return sha256(content) === head.sha256 ? { operationId: head.operationId, content } : undefined;
  } catch {
    return undefined;
  }
}
