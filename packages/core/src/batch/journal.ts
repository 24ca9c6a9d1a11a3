import { type FileHandle, open, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigurationError } from '../errors/errors.ts';
import { syncDirectory } from '../files/temp-file.ts';
import { LockedError, type LockFileOptions, LockFileOwner } from '../locks/lock-file.ts';

/** What a journal says about a document. */
export type JournalEntry =
  /** It was about to be sent; its outcome is not recorded, so it is in doubt. */
  | { event: 'sending'; reference: string }
  /** Its signed content is in the file `output`. */
  | { event: 'signed'; reference: string; operationId?: string; output?: string }
  /** It was not signed; it may be sent again. */
  | { event: 'failed'; reference: string; code: string };

/**
 * Records on disk what a batch has sent and finished, so that the next run can continue after a kill. One JSON object per line,
 * `{ "v": 1, "at": ISO time, "event": …, "reference": … }`, append-only. Contains no content and no secret.
 */
export class Journal {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #lock: JournalLock;
  /** The entries of earlier runs. This run's own entries are not added: no document occurs twice in one run. */
  readonly #known: ReadonlyMap<string, JournalEntry>;
  #last: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle, known: ReadonlyMap<string, JournalEntry>, lock: JournalLock) {
    this.#path = path;
    this.#file = file;
    this.#known = known;
    this.#lock = lock;
  }

  /**
   * @throws {@link ConfigurationError} `JOURNAL_UNUSABLE` if the file cannot be written, is in use by another process, or
   *   contains a line that no journal writes (except for the last one, which a crash may have cut short).
   */
  static async open(path: string, options: LockFileOptions = {}): Promise<Journal> {
    const lock = await JournalLock.acquire(`${path}.lock`, options).catch((error: Error) => {
      const hint = error instanceof LockedError ? ` If no such process runs, delete ${path}.lock.` : '';
      throw unusable(path, `${error.message}.${hint}`, error);
    });
    try {
      const known = await replay(path);
      const file = await open(path, 'a', 0o600);
      await syncDirectory(dirname(path));
      return new Journal(path, file, known, lock);
    } catch (error) {
      await lock.release();
      throw error instanceof ConfigurationError ? error : unusable(path, `${(error as Error).message}.`, error);
    }
  }

  /** The last entry that earlier runs wrote about a document. */
  find(reference: string): JournalEntry | undefined {
    return this.#known.get(reference);
  }

  /**
   * Appends entries and returns once they are on the disk.
   *
   * @throws {@link ConfigurationError} `JOURNAL_UNUSABLE`, from the first failure on: entries after an incomplete line could not
   *   be read again. Also where another process took the journal over while this one was suspended.
   */
  write(entries: readonly JournalEntry[]): Promise<void> {
    if (entries.length === 0) return Promise.resolve();
    this.#last = this.#last.then(() => this.#append(entries));
    return this.#last;
  }

  async #append(entries: readonly JournalEntry[]): Promise<void> {
    const at = new Date().toISOString();
    try {
      await this.#lock.assertOwned();
      await this.#file.appendFile(entries.map((entry) => `${JSON.stringify({ v: 1, at, ...entry })}\n`).join(''));
      await this.#file.datasync();
      // Checked again: the process may have been suspended since, and the caller sends documents because of this entry.
      await this.#lock.assertOwned();
    } catch (error) {
      throw unusable(this.#path, `${(error as Error).message}.`, error);
    }
  }

  async close(): Promise<void> {
    await this.#last.catch(() => {
      // The caller of `write` has already received the error.
    });
    await this.#file.close();
    await this.#lock.release();
  }
}

/** The lock beside a journal. */
class JournalLock {
  readonly #owner: LockFileOwner;
  readonly #path: string;

  private constructor(owner: LockFileOwner, path: string) {
    this.#owner = owner;
    this.#path = path;
  }

  static async acquire(path: string, options: LockFileOptions): Promise<JournalLock> {
    const owner = await LockFileOwner.create(dirname(path), options);
    try {
      await owner.acquire(path);
      return new JournalLock(owner, path);
    } catch (error) {
      await owner.close();
      throw error;
    }
  }

  async assertOwned(): Promise<void> {
    if (await this.#owner.isOwner(this.#path)) return;
    throw new LockedError('another process took it over while this one was suspended');
  }

  async release(): Promise<void> {
    await this.#owner.release(this.#path);
    await this.#owner.close();
  }
}

/** How every line begins. A last line that begins differently was not written by a journal, and must not be cut off. */
const lineStart = '{"v":1,';

async function replay(path: string): Promise<Map<string, JournalEntry>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return new Map();
    throw error;
  }
  const known = new Map<string, JournalEntry>();
  const lines = text.split('\n');
  const torn = lines.pop() ?? '';
  for (const [index, line] of lines.entries()) {
    const entry = parse(line);
    if (!entry) throw unusable(path, `line ${index + 1} is not a journal entry.`);
    known.set(entry.reference, entry);
  }
  if (!lineStart.startsWith(torn.slice(0, lineStart.length)))
    throw unusable(path, `its last line is not a journal entry.`);
  // A crash in the middle of a line: its event had not happened yet. The length is taken from the complete lines, since an
  // incomplete character decodes to another length.
  if (torn !== '') await truncate(path, Buffer.byteLength(text.slice(0, text.length - torn.length)));
  return known;
}

function parse(line: string): JournalEntry | undefined {
  try {
    const { v, event, reference, operationId, output, code } = JSON.parse(line) as Record<string, unknown>;
    if (v !== 1 || typeof reference !== 'string') return undefined;
    if (event === 'sending') return { event, reference };
    if (event === 'failed') return { event, reference, code: String(code) };
    if (event !== 'signed') return undefined;
    return {
      event,
      reference,
      ...(typeof operationId === 'string' ? { operationId } : {}),
      ...(typeof output === 'string' ? { output } : {}),
    };
  } catch {
    return undefined;
  }
}

function unusable(path: string, why: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError('JOURNAL_UNUSABLE', 'journal', `The journal ${path} cannot be used: ${why}`, { cause });
}
