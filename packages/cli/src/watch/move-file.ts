import { constants, createReadStream } from 'node:fs';
import { copyFile, link, lstat, mkdir, open, opendir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { signedFileName } from '@signstash-connect/core/adapter';
import { isLeftover, tempFileName } from '@signstash-connect/core/adapter/node';

export const hasCode = (error: unknown, ...codes: string[]): boolean =>
  codes.includes((error as { code?: string } | undefined)?.code ?? '');

/** File systems without hard links: FAT, some network shares. */
const noLinks = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'];

/** More files of the same name in a folder point to a mistake. */
const maxNames = 10_000;

/**
 * Gives a file a second name without ever replacing another file: `name.pdf`, or `name (2).pdf` if another content has that name.
 * A name that already has this content is used as it is, so that the call can be repeated after a crash.
 *
 * @returns The name.
 * @throws The system's error; `ENOENT` if the file does not exist.
 */
export async function linkUnique(from: string, target: string): Promise<string> {
  await mkdir(dirname(target), { recursive: true });
  const name = target.slice(dirname(target).length + 1);
  for (let number = 1; number <= maxNames; number++) {
    const path = number === 1 ? target : join(dirname(target), signedFileName(name, ` (${number})`));
    if ((await tryLink(from, path)) || (await hasSameContent(from, path))) return path;
  }
  throw new Error(`${dirname(target)} has ${maxNames} files with the name ${name}`);
}

/** @returns False if the name is taken. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    if (!hasCode(error, 'EXDEV', ...noLinks)) throw error;
  }
  // A copy that appears complete: written under a temporary name, then renamed onto the reserved name.
  const temporary = join(dirname(to), tempFileName());
  try {
    await copyFile(from, temporary, constants.COPYFILE_EXCL);
    await sync(temporary);
    if (!(await reserve(to))) return false;
    await rename(temporary, to);
    return true;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** An empty file with the name was left by a process that was killed between reserving it and renaming. */
async function reserve(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
    return true;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    return (await stat(path)).size === 0;
  }
}

async function hasSameContent(path: string, other: string): Promise<boolean> {
  const [one, two] = await Promise.all([stat(path), stat(other).catch(() => undefined)]);
  if (!two?.isFile() || one.size !== two.size) return false;
  if (one.ino === two.ino && one.dev === two.dev) return true;
  const chunks = createReadStream(other)[Symbol.asyncIterator]();
  try {
    for await (const chunk of createReadStream(path)) {
      const { value } = await chunks.next();
      if (!(chunk as Buffer).equals((value as Buffer | undefined) ?? new Uint8Array(0))) return false;
    }
    return true;
  } finally {
    await chunks.return?.();
  }
}

/** Writes a small file so that it appears complete. */
export async function writeWhole(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), tempFileName());
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(content);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Identifies a version of a file without reading it. */
export interface FileVersion {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

/** Undefined if there is no such file; a symbolic link is none. */
export async function fileVersion(path: string): Promise<FileVersion | undefined> {
  try {
    const found = await lstat(path);
    return found.isFile() ? { size: found.size, mtimeMs: found.mtimeMs, ino: found.ino } : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

export const isSameVersion = (one: FileVersion, other: FileVersion | undefined): boolean =>
  one.size === other?.size && one.mtimeMs === other.mtimeMs && one.ino === other.ino;

/**
 * Moves a file without replacing another one, unless it changed since it was read.
 *
 * @returns Where it is now; undefined if it has changed, or another process has moved it.
 */
export async function moveUnique(from: string, target: string, version: FileVersion): Promise<string | undefined> {
  if (!isSameVersion(version, await fileVersion(from))) return undefined;
  try {
    const path = await linkUnique(from, target);
    await removeVersion(from, version);
    return path;
  } catch (error) {
    if (hasCode(error, 'ENOENT') && (await fileVersion(from)) === undefined) return undefined;
    throw error;
  }
}

/** Removes this version of a file; one that has taken its name meanwhile stays. */
export async function removeVersion(path: string, version: FileVersion): Promise<void> {
  const aside = await setAside(path);
  if (aside === undefined) return;
  if (!isSameVersion(version, await fileVersion(aside))) await linkUnique(aside, path);
  await rm(aside, { force: true });
  await rmdir(dirname(aside));
}

/**
 * Takes a file out of sight, into a hidden folder that keeps its name.
 *
 * @returns Where it is; undefined if it does not exist.
 */
export async function setAside(path: string): Promise<string | undefined> {
  const folder = join(dirname(path), tempFileName());
  const aside = join(folder, basename(path));
  try {
    await mkdir(folder);
    await rename(path, aside);
    return aside;
  } catch (error) {
    await rmdir(folder).catch(() => {});
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * Cleans up after killed processes in a folder and its subfolders: removes what they were writing, and puts back files that they had set
 * aside, unless these have their second name already.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    const isFolder = entry.isDirectory();
    try {
      if (!(await isLeftover(path))) {
        if (isFolder) await removeLeftovers(path);
      } else if (isFolder) await putBack(path);
      else await rm(path, { force: true });
    } catch (error) {
      // Another watcher cleans up at the same time, or a user has removed a folder.
      if (!hasCode(error, 'ENOENT', 'ENOTEMPTY')) throw error;
    }
  }
}

async function putBack(folder: string): Promise<void> {
  for await (const entry of await opendir(folder)) {
    const aside = join(folder, entry.name);
    // A file with a single link may be a new version that has not been signed. Its reference is the same, so it is not signed twice.
    if ((await stat(aside)).nlink === 1) await linkUnique(aside, join(dirname(folder), entry.name));
    await rm(aside, { force: true });
  }
  await rmdir(folder);
}
