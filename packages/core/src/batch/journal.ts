import { type FileHandle, open, readFile, rm, truncate } from 'node:fs/promises';
import { isRunning } from '../files/is-running.ts';
import { ConfigurationError } from '../protocol/errors.ts';

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
  readonly #known: Map<string, JournalEntry>;

  private constructor(path: string, file: FileHandle, known: Map<string, JournalEntry>) {
    this.#path = path;
    this.#file = file;
    this.#known = known;
  }

  /**
   * @throws {@link ConfigurationError} `JOURNAL_UNUSABLE` where the file cannot be written, is in use by another process, or
   *   holds a line that is not of a journal (save the last one, which a crash may have torn).
   */
  static async open(path: string): Promise<Journal> {
    await lock(path);
    try {
      const known = await replay(path);
      return new Journal(path, await open(path, 'a', 0o600), known);
    } catch (error) {
      await rm(lockPath(path), { force: true });
      throw error instanceof ConfigurationError ? error : unusable(path, `${(error as Error).message}.`, error);
    }
  }

  /** The latest that is known of a document. */
  find(reference: string): JournalEntry | undefined {
    return this.#known.get(reference);
  }

  /** Appends entries and returns once they are on the disk. */
  async write(entries: readonly JournalEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const at = new Date().toISOString();
    await this.#file.appendFile(entries.map((entry) => `${JSON.stringify({ v: 1, at, ...entry })}\n`).join(''));
    await this.#file.datasync();
    for (const entry of entries) this.#known.set(entry.reference, entry);
  }

  async close(): Promise<void> {
    await this.#file.close();
    await rm(lockPath(this.#path), { force: true });
  }
}

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
  // A crash in the middle of a line: what it was about to say had not happened yet.
  if (torn !== '') await truncate(path, Buffer.byteLength(text) - Buffer.byteLength(torn));
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

const lockPath = (path: string) => `${path}.lock`;

/** Two writers would each believe the other's documents to be in doubt. The lock of a process that is gone is taken over. */
async function lock(path: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const file = await open(lockPath(path), 'wx', 0o600);
      await file.writeFile(String(process.pid));
      await file.close();
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST' || attempt > 3) {
        throw unusable(path, `${(error as Error).message}.`, error);
      }
      const owner = Number(await readFile(lockPath(path), 'utf8').catch(() => ''));
      if (owner > 0 && isRunning(owner)) throw unusable(path, `process ${owner} is writing it.`);
      await rm(lockPath(path), { force: true });
    }
  }
}

function unusable(path: string, why: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError('JOURNAL_UNUSABLE', 'journal', `The journal ${path} cannot be used: ${why}`, { cause });
}
