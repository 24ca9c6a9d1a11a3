import { createHash, randomUUID } from 'node:crypto';
import { constants, type PathLike } from 'node:fs';
import { copyFile, type FileHandle, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { ContentStore } from '../protocol/answer/signed-content-reader.ts';
import { ValidationError } from '../protocol/errors.ts';
import { isRunning } from './is-running.ts';

/** Sealed content that lies whole in a temporary file and waits for its name. */
export interface SpooledFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** Temporary files name their process, so that another one can tell which of them are left over. */
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const temporaryName = () => `.signstash-${host}-${process.pid}-${randomUUID()}.part`;

/** Chunks are written together once they have this size. Bytes. */
const writeBytes = 512 * 1024;

/**
 * Writes contents as they arrive to `.signstash-….part` files of a directory.
 *
 * @param durable - Whether a content counts as finished only once it is on the disk itself.
 */
export function spoolStore(directory: string, { durable }: { durable: boolean }): ContentStore<SpooledFile> {
  return () => {
    const path = join(directory, temporaryName());
    let file: FileHandle | undefined;
    let waiting: Uint8Array[] = [];
    let waitingBytes = 0;
    let size = 0;
    const flush = async () => {
      const chunks = waiting;
      waiting = [];
      waitingBytes = 0;
      file ??= await open(path, 'wx', 0o666);
      await writeAll(file, chunks);
    };
    return {
      async write(chunk) {
        waiting.push(chunk);
        waitingBytes += chunk.byteLength;
        size += chunk.byteLength;
        if (waitingBytes >= writeBytes) await flush();
      },
      async finish() {
        await flush();
        if (durable) await file?.datasync();
        await file?.close();
        file = undefined;
        return { path, size };
      },
      async discard() {
        waiting = [];
        await file?.close();
        await rm(path, { force: true });
      },
    };
  };
}

/** One system call for many chunks, and another one only where the system took less than it was given. */
async function writeAll(file: FileHandle, chunks: Uint8Array[]): Promise<void> {
  for (let rest = chunks; rest.length > 0; ) {
    let { bytesWritten } = await file.writev(rest);
    const left: Uint8Array[] = [];
    for (const chunk of rest) {
      const taken = Math.min(bytesWritten, chunk.byteLength);
      bytesWritten -= taken;
      if (taken < chunk.byteLength) left.push(chunk.subarray(taken));
    }
    rest = left;
  }
}

/**
 * Gives spooled content its final name, at once and whole.
 *
 * @throws {@link ValidationError} `OUTPUT_EXISTS` where a file has that name already and `overwrite` is not set.
 */
export async function commitSpooled(
  { path }: SpooledFile,
  target: string,
  { overwrite }: { overwrite: boolean },
): Promise<void> {
  const near = dirname(path) === dirname(target) ? path : await moveNear(path, target);
  if (overwrite) return rename(near, target);
  try {
    // A hard link fails where the name is taken; a rename would silently replace.
    await link(near, target);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EPERM' || code === 'ENOSYS' || code === 'ENOTSUP' || code === 'EOPNOTSUPP')
      return commitWithoutLinks(near, target);
    await rm(near, { force: true });
    throw code === 'EEXIST' ? outputExists(target) : error;
  }
  await rm(near, { force: true });
}

/** Some network file systems know no links: the name is taken first by an empty file of ours. */
async function commitWithoutLinks(near: string, target: string): Promise<void> {
  try {
    await (await open(target, 'wx')).close();
  } catch (error) {
    await rm(near, { force: true });
    throw (error as { code?: string }).code === 'EEXIST' ? outputExists(target) : error;
  }
  await rename(near, target);
}

/** The spool may lie on another file system than the target, across which nothing can be renamed. */
async function moveNear(path: string, target: string): Promise<string> {
  const near = join(dirname(target), basename(path));
  try {
    await rename(path, near);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EXDEV') throw error;
    await copyFile(path, near, constants.COPYFILE_EXCL);
    await rm(path, { force: true });
  }
  return near;
}

/** Removes spooled content that nobody wants. */
export async function discardSpooled({ path }: SpooledFile): Promise<void> {
  await rm(path, { force: true });
}

export function outputExists(target: PathLike): ValidationError {
  return new ValidationError('OUTPUT_EXISTS', `${target} exists already.`, { document: String(target) });
}

/** Names given to files last only once their directory is on the disk. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows has no such thing and needs none.
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a directory for outputs, and removes what processes of this machine that were killed have left in it. */
export async function prepareDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(directory)) {
    const [, owner, pid] = /^\.signstash-([0-9a-f]{8})-(\d+)-[0-9a-f-]+\.part$/.exec(name) ?? [];
    if (owner === host && !isRunning(Number(pid))) await rm(join(directory, name), { force: true });
  }
}
