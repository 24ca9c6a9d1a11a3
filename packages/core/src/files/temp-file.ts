import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { ContentStore } from '../api/response/signed-content-reader.ts';
import { ValidationError } from '../errors/errors.ts';
import { isRunning, thisProcess } from './process-identity.ts';

/** Signed content, complete in a temporary file, that has no final name yet. */
export interface TempFile {
  /** Where it is now: it may be moved to another file system before it gets its final name. */
  path: string;
  /** Bytes. */
  readonly size: number;
}

/** Temporary files are named after their process, so that the next process can recognise those left behind. */
const { host, pid, started } = thisProcess;
/** A hidden name that no other process uses. */
export const tempFileName = () => `.signstash-${host}-${pid}-${started}-${randomUUID()}.part`;
const tempFilePattern = /^\.signstash-([0-9a-f]{8})-(\d+)-([0-9a-f]+)-[0-9a-f-]+\.part$/;

/** Whether the owner of a file from another machine or container lives cannot be known: it is left alone for this long. Milliseconds. */
const foreignFileAgeMs = 24 * 60 * 60 * 1000;

/** Chunks are gathered, and written together once they have this size. Bytes. */
const writeBytes = 512 * 1024;

/** Write buffers that are not in use: a new one per document would be garbage a moment later. */
const spareBuffers: Buffer[] = [];
/** More than are spare after a run with many requests at once. */
const maxSpareBuffers = 8;

export interface TempFileOptions {
  /** Whether content counts as finished only once it is on the disk. */
  readonly durable: boolean;
  /** Whether to continue in the system's temporary folder where the directory cannot be written: for content that cannot be fetched again. */
  readonly rescue?: boolean;
}

/** Writes contents as they arrive to temporary files of a directory, readable by this user only. */
export function tempFileStore(directory: string, options: TempFileOptions): ContentStore<TempFile> {
  return () => new TempFileWriter(directory, options);
}

class TempFileWriter {
  readonly #options: TempFileOptions;
  #path: string;
  #file: FileHandle | undefined;
  #gathered: Buffer | undefined;
  /** Bytes gathered and not yet written. */
  #filled = 0;
  /** Bytes known to be written. */
  #written = 0;
  #rescued = false;

  constructor(directory: string, options: TempFileOptions) {
    this.#options = options;
    this.#path = join(directory, tempFileName());
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength; ) {
      this.#gathered ??= spareBuffers.pop() ?? Buffer.allocUnsafeSlow(writeBytes);
      const part = chunk.subarray(at, at + writeBytes - this.#filled);
      this.#gathered.set(part, this.#filled);
      this.#filled += part.byteLength;
      at += part.byteLength;
      if (this.#filled === writeBytes) await this.#flush();
    }
  }

  async finish(): Promise<TempFile> {
    await this.#flush();
    await this.#end();
    return { path: this.#path, size: this.#written };
  }

  async discard(): Promise<void> {
    await this.#end();
    await rm(this.#path, { force: true });
  }

  async #flush(): Promise<void> {
    try {
      await this.#append();
    } catch (error) {
      if (!this.#options.rescue || this.#rescued) throw error;
      await this.#continueInSystemFolder();
      await this.#append();
    }
    this.#written += this.#filled;
    this.#filled = 0;
  }

  async #append(): Promise<void> {
    this.#file ??= await open(this.#path, 'wx+', 0o600);
    const bytes = this.#gathered?.subarray(0, this.#filled) ?? new Uint8Array(0);
    // The system may write less than it is given.
    for (let at = 0; at < bytes.byteLength; ) {
      at += (await this.#file.write(bytes, at, bytes.byteLength - at, this.#written + at)).bytesWritten;
    }
    if (this.#options.durable) await this.#file.datasync();
  }

  /** The directory is full or gone, but the content is the only copy. */
  async #continueInSystemFolder(): Promise<void> {
    this.#rescued = true;
    const [oldPath, oldFile] = [this.#path, this.#file];
    this.#path = join(tmpdir(), tempFileName());
    this.#file = await open(this.#path, 'wx+', 0o600);
    for (let at = 0; oldFile && at < this.#written; ) {
      const length = Math.min(writeBytes, this.#written - at);
      const { buffer, bytesRead } = await oldFile.read(Buffer.allocUnsafe(length), 0, length, at);
      if (bytesRead === 0) throw new Error(`${oldPath} could not be read back.`);
      for (let done = 0; done < bytesRead; ) {
        done += (await this.#file.write(buffer, done, bytesRead - done, at + done)).bytesWritten;
      }
      at += bytesRead;
    }
    await oldFile?.close();
    await rm(oldPath, { force: true }).catch(() => {
      // The directory may be the very thing that is broken.
    });
  }

  async #end(): Promise<void> {
    if (this.#gathered && spareBuffers.length < maxSpareBuffers) spareBuffers.push(this.#gathered);
    this.#gathered = undefined;
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

/**
 * Moves content to its final name atomically. If that fails, the content stays where it is.
 *
 * @param options.overwrite - Whether an existing file is replaced.
 * @param options.durable - Whether a copy, where one has to be made, must be on the disk first.
 * @param options.mode - Permissions of the output.
 * @throws {@link ValidationError} `OUTPUT_EXISTS`
 */
export async function commitTempFile(
  file: TempFile,
  target: string,
  { overwrite, durable, mode }: { overwrite: boolean; durable: boolean; mode: number },
): Promise<void> {
  if (dirname(file.path) !== dirname(target)) await moveNear(file, target, durable);
  await chmod(file.path, mode);
  if (overwrite) return rename(file.path, target);
  try {
    // A hard link fails where the name is taken; a rename would silently replace.
    await link(file.path, target);
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') throw outputExists(target);
    if (!cannotLink(error)) throw error;
    await reserveName(target);
    return rename(file.path, target);
  }
  await discardTempFile(file);
}

/** Whether the file system has no hard links, such as FAT and some on the network. */
export function cannotLink(error: unknown): boolean {
  return ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(String((error as { code?: string }).code));
}

/** Takes a name with an empty file, which may then be replaced. */
async function reserveName(target: string): Promise<void> {
  try {
    await (await open(target, 'wx')).close();
  } catch (error) {
    throw (error as { code?: string }).code === 'EEXIST' ? outputExists(target) : error;
  }
}

/** Moves content into its target's directory, which may be on another file system. */
async function moveNear(file: TempFile, target: string, durable: boolean): Promise<void> {
  const near = join(dirname(target), basename(file.path));
  await moveFile(file.path, near, durable);
  file.path = near;
}

async function moveFile(from: string, to: string, durable: boolean): Promise<void> {
  try {
    return await rename(from, to);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EXDEV') throw error;
  }
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    if (durable) await sync(to, 'r+');
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
  await rm(from, { force: true });
}

/**
 * Keeps content that could not get its final name, under a short name that no clean-up matches: beside its target, or else in the
 * system's temporary folder.
 *
 * @returns Where it is.
 */
export async function rescueTempFile(file: TempFile, target: string): Promise<string> {
  const name = `signstash-${randomUUID().slice(0, 8)}.unsaved`;
  for (const directory of [dirname(target), dirname(file.path), tmpdir()]) {
    const kept = join(directory, name);
    try {
      await moveFile(file.path, kept, true);
      file.path = kept;
      break;
    } catch {
      // Try the next directory; even under its temporary name, the content is not lost.
    }
  }
  return file.path;
}

/**
 * Keeps content that failed its check as `<target>.rejected`, or under a name like it if an earlier run has rejected content of the
 * same document: both are kept.
 *
 * @param options.mode - Permissions of an output.
 * @returns Where it is.
 */
export async function rejectTempFile(file: TempFile, target: string, { mode }: { mode: number }): Promise<string> {
  const options = { overwrite: false, durable: true, mode };
  for (const path of [`${target}.rejected`, `${target}.${randomUUID().slice(0, 8)}.rejected`]) {
    try {
      await commitTempFile(file, path, options);
      return path;
    } catch (error) {
      if (!(error instanceof ValidationError)) break;
    }
  }
  return rescueTempFile(file, target);
}

/** Removes content that is not needed. One call to the file system, where `rm` takes two. */
export async function discardTempFile({ path }: TempFile): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
  }
}

export function outputExists(target: string, message = `${target} exists already.`): ValidationError {
  return new ValidationError('OUTPUT_EXISTS', message, { document: target });
}

/** File names survive a power failure only once their directory has been flushed to disk. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open directories, and does not need to.
  if (process.platform !== 'win32') await sync(directory, 'r');
}

async function sync(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Creates a directory for outputs where it is missing, and removes temporary files that killed processes left in it.
 *
 * @returns Permissions that a new file gets there.
 */
export async function prepareDirectory(directory: string): Promise<number> {
  await mkdir(directory, { recursive: true });
  await removeLeftovers(directory);
  return probeDirectory(directory);
}

/** Creates and removes a file. @returns The permissions that it got. @throws The system's error. */
export async function probeDirectory(directory: string): Promise<number> {
  const path = join(directory, tempFileName());
  const file = await open(path, 'wx', 0o666);
  try {
    return (await file.stat()).mode & 0o777;
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}

/** Free bytes for this user; undefined if the file system does not report them. */
export async function freeBytes(directory: string): Promise<number | undefined> {
  const { bavail, bsize, blocks } = await statfs(directory);
  return blocks === 0 ? undefined : bavail * bsize;
}

/** Removes the temporary files of processes that are gone. */
export async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (await isLeftover(path)) await rm(path, { force: true });
  }
}

/** Whether a path has a name of {@link tempFileName} from a process that is gone. */
export async function isLeftover(path: string): Promise<boolean> {
  const [, owner, ownerPid, ownerStarted] = tempFilePattern.exec(basename(path)) ?? [];
  if (ownerStarted === undefined) return false;
  if (owner === host) return !isRunning({ pid: Number(ownerPid), started: ownerStarted });
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs >= foreignFileAgeMs,
    () => false,
  );
}
