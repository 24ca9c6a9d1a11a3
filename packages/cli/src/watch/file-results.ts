import { createHash } from 'node:crypto';
import { opendir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AdapterError } from '@signstash-connect/core/adapter';
import { isOutside, type SignFilesOptions } from '@signstash-connect/core/adapter/node';
import type { QueuedFile } from './file-queue.ts';
import { type Folders, isIgnored, nameBelow } from './folders.ts';
import {
  type FileVersion,
  fileVersion,
  hasCode,
  isSameVersion,
  linkUnique,
  moveUnique,
  removeVersion,
  writeWhole,
} from './move-file.ts';
import type { WatchProblem } from './options.ts';
import type { WatchJob } from './round.ts';

/** What is written next to a failed file, for programs. */
export interface ErrorRecord extends WatchProblem {
  readonly version: 1;
  /** Name below the input folder. */
  readonly file: string;
  readonly at: string;
  readonly attempts: number;
  readonly reference?: string;
  readonly operationId?: string;
}

/** Puts files into their places. Every step can be repeated after a crash, and by a second watcher at the same time. */
export class FileResults {
  readonly #folders: Folders;
  readonly #keepOriginals: boolean;

  constructor(folders: Folders, { keepOriginals }: { keepOriginals: boolean }) {
    this.#folders = folders;
    this.#keepOriginals = keepOriginals;
  }

  /**
   * The signed file first, then the original, then the staged content: after a crash, the next
   * start completes the missing steps: it finds the staged content or retrieves it again.
   *
   * @returns Path of the signed file; undefined if another watcher has finished the document.
   * @throws `AdapterError` `CONTENT_NOT_VALID` if the signed file must not be used; it stays in the state folder.
   */
  async placeSigned(job: WatchJob, verify: SignFilesOptions['verify']): Promise<string | undefined> {
    const { file, staged, version } = job;
    let output: string;
    try {
      if (!(await fileVersion(file.path))) {
        await rm(staged, { force: true });
        return undefined;
      }
      if (verify) await verifyStaged(job, verify);
      output = await linkUnique(staged, join(this.#folders.signed, file.name));
    } catch (error) {
      if (hasCode(error, 'ENOENT') && !(await fileVersion(staged))) return undefined;
      throw error;
    }
    if (this.#keepOriginals) await this.#recordDone(file.path, version);
    else await moveUnique(file.path, join(this.#folders.processed, file.name), version);
    await rm(staged, { force: true });
    return output;
  }

  /** @returns Where the original is now; undefined if it has changed, or another watcher has moved it. */
  async placeFailed(file: QueuedFile, record: ErrorRecord): Promise<string | undefined> {
    const version = file.version ?? (await fileVersion(file.path));
    if (!version || !isSameVersion(version, await fileVersion(file.path))) return undefined;
    let path: string;
    try {
      // A second name first: the file is never without its error files, and never only half moved.
      path = await linkUnique(file.path, join(this.#folders.failed, file.name));
    } catch (error) {
      if (hasCode(error, 'ENOENT') && !(await fileVersion(file.path))) return undefined;
      throw error;
    }
    await writeWhole(`${path}.error.json`, `${JSON.stringify(record, null, 2)}\n`);
    await writeWhole(`${path}.error.txt`, errorText(record));
    await removeVersion(file.path, version);
    return path;
  }

  /** Whether a kept original has been signed as it is now. */
  async isDone(path: string, version: FileVersion): Promise<boolean> {
    if (!this.#keepOriginals) return false;
    try {
      const { size, mtimeMs } = JSON.parse(await readFile(this.#donePath(path), 'utf8')) as FileVersion;
      return size === version.size && mtimeMs === version.mtimeMs;
    } catch (error) {
      if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return false;
      throw error;
    }
  }

  #recordDone(path: string, { size, mtimeMs }: FileVersion): Promise<void> {
    return writeWhole(this.#donePath(path), JSON.stringify({ size, mtimeMs }));
  }

  #donePath(path: string): string {
    const hash = createHash('sha256').update(nameBelow(this.#folders.in, path)).digest('hex');
    return join(this.#folders.state, 'done', hash.slice(0, 2), hash.slice(2, 40));
  }
}

async function verifyStaged(
  { file: { path, name }, staged, profile }: WatchJob,
  verify: NonNullable<SignFilesOptions['verify']>,
) {
  const isOtherRendering = profile.reference?.anyRendering ?? false;
  const reason = await verify(await readFile(staged), { path, name, outside: false, isOtherRendering });
  if (!reason) return;
  const rejected = await linkUnique(staged, `${staged}.rejected`);
  await rm(staged, { force: true });
  const message = `${name}: the signed file cannot be used: ${reason}. It is in ${rejected}.`;
  const hint = "Do not use it; ask your Sign'Stash operator about the operation.";
  throw new AdapterError('CONTENT_NOT_VALID', message, { title: 'The signed file cannot be used', hint });
}

const errorText = ({ file, title, detail, hint, code, at, attempts, reference, operationId }: ErrorRecord) =>
  [
    `${file} was not signed.`,
    '',
    `${title}: ${detail}`,
    '',
    `What to do: ${hint}`,
    'Then run "signstash watch" with --retry-failed, or move the file back into the input folder.',
    '',
    `Code: ${code}`,
    `Time: ${at}`,
    `Attempts: ${attempts}`,
    ...(reference ? [`External reference: ${reference}`] : []),
    ...(operationId ? [`Operation: ${operationId}`] : []),
    '',
  ].join('\n');

const errorFile = /\.error\.(txt|json)$/;

/** What {@link retryFailed} did. Names below the input folder. */
export interface RetriedFiles {
  readonly moved: readonly string[];
  /** The input folder has another file of the same name. */
  readonly blocked: readonly string[];
}

/** Moves failed files back to where they were in the input folder, under their first names, and removes their error files. */
export async function retryFailed(folders: Folders): Promise<RetriedFiles> {
  const moved: string[] = [];
  const blocked: string[] = [];
  for await (const path of findFailed(folders.failed)) {
    const name = await originalName(path, folders);
    const target = join(folders.in, name);
    const version = await fileVersion(path);
    if (!version) continue;
    // Not under another name: the name may be part of the external reference.
    if (await fileVersion(target)) {
      blocked.push(name);
      continue;
    }
    if ((await moveUnique(path, target, version)) === undefined) continue;
    await removeErrorFiles(path);
    moved.push(name);
  }
  return { moved, blocked };
}

async function originalName(path: string, { in: root, failed }: Folders): Promise<string> {
  const own = nameBelow(failed, path);
  try {
    const { file } = JSON.parse(await readFile(`${path}.error.json`, 'utf8')) as Partial<ErrorRecord>;
    return typeof file === 'string' && file !== '' && !isOutside(resolve(root, file), root) ? file : own;
  } catch {
    return own;
  }
}

async function* findFailed(folder: string): AsyncGenerator<string> {
  const found = await opendir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (!found) return;
  for await (const entry of found) {
    const path = join(folder, entry.name);
    if (isIgnored(path)) continue;
    if (entry.isDirectory()) yield* findFailed(path);
    else if (entry.isFile() && !errorFile.test(entry.name)) yield path;
  }
}

async function removeErrorFiles(path: string): Promise<void> {
  for (const extension of ['txt', 'json']) await rm(`${path}.error.${extension}`, { force: true });
}
