import { type FileHandle, open, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigurationError } from '../errors/errors.ts';
import { syncDirectory } from '../files/temp-file.ts';
import { LockedError, lock } from './journal-lock.ts';

/** What a journal says of a document. */
export type JournalEntry =
  /** It was about to be sent and nothing more is known: in doubt. */
  | { event: 'sending'; reference: string }
  /** Its sealed content lies under `output`. */
  | { event: 'sealed'; reference: string; operationId?: string; output?: string }
  /** It was not sealed; it may be sent again. */
  | { event: 'failed'; reference: string; code: string };

/**
 * Remembers on disk what a batch has sent and finished, so that a run that was killed goes on where it stopped: one JSON object
 * a line, `{ "v": 1, "at": ISO time, "event": …, "reference": … }`, appended only. Holds no content and no secret.
 */
export class Journal {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #unlock: () => Promise<void>;
  /** What earlier runs left. This run's own entries are not added: no document comes twice in one run. */
  readonly #known: ReadonlyMap<string, JournalEntry>;
  #last: Promise<void> = Promise.resolve();

  private constructor(
    path: string,
    file: FileHandle,
    known: ReadonlyMap<string, JournalEntry>,
    unlock: () => Promise<void>,
  ) {
    this.#path = path;
    this.#file = file;
    this.#known = known;
    this.#unlock = unlock;
  }

  /**
   * @throws {@link ConfigurationError} `JOURNAL_UNUSABLE` where the file cannot be written, is in use by another process, or
   *   holds a line that is not of a journal (save the last one, which a crash may have torn).
   */
  static async open(path: string): Promise<Journal> {
    const unlock = await lock(`${path}.lock`).catch((error: Error) => {
      const hint = error instanceof LockedError ? ` If no such process runs, delete ${path}.lock.` : '';
      throw unusable(path, `${error.message}.${hint}`, error);
    });
    try {
      const known = await replay(path);
      const file = await open(path, 'a', 0o600);
      await syncDirectory(dirname(path));
      return new Journal(path, file, known, unlock);
    } catch (error) {
      await unlock();
      throw error instanceof ConfigurationError ? error : unusable(path, `${(error as Error).message}.`, error);
    }
  }

  /** The latest that earlier runs left about a document. */
  find(reference: string): JournalEntry | undefined {
    return this.#known.get(reference);
  }

  /**
   * Appends entries and returns once they are on the disk.
   *
   * @throws {@link ConfigurationError} `JOURNAL_UNUSABLE`, from the first failure on: what comes after a torn line could not be
   *   read again.
   */
  write(entries: readonly JournalEntry[]): Promise<void> {
    if (entries.length === 0) return Promise.resolve();
    this.#last = this.#last.then(() => this.#append(entries));
    return this.#last;
  }

  async #append(entries: readonly JournalEntry[]): Promise<void> {
    const at = new Date().toISOString();
    try {
      await this.#file.appendFile(entries.map((entry) => `${JSON.stringify({ v: 1, at, ...entry })}\n`).join(''));
      await this.#file.datasync();
    } catch (error) {
      throw unusable(this.#path, `${(error as Error).message}.`, error);
    }
  }

  async close(): Promise<void> {
    await this.#last.catch(() => {
      // Whoever wrote it has heard of it.
    });
    await this.#file.close();
    await this.#unlock();
  }
}

/** How every line begins. What ends a file otherwise is someone else's, and must not be cut off. */
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
    if (!entry) throw unusable(path, `line ${index + 1} is not of a journal.`);
    known.set(entry.reference, entry);
  }
  if (!lineStart.startsWith(torn.slice(0, lineStart.length))) throw unusable(path, `its end is not of a journal.`);
  // A crash in the middle of a line: what it was about to say had not happened yet. Cut by the whole part's length, since a torn
  // character does not have its length any more.
  if (torn !== '') await truncate(path, Buffer.byteLength(text.slice(0, text.length - torn.length)));
  return known;
}

function parse(line: string): JournalEntry | undefined {
  try {
    const { v, event, reference, operationId, output, code } = JSON.parse(line) as Record<string, unknown>;
    if (v !== 1 || typeof reference !== 'string') return undefined;
    if (event === 'sending') return { event, reference };
    if (event === 'failed') return { event, reference, code: String(code) };
    if (event !== 'sealed') return undefined;
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
