import { randomUUID } from 'node:crypto';
import { constants, type PathLike } from 'node:fs';
import { copyFile, type FileHandle, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ContentStore } from '../api/response/signed-content-reader.ts';
import { ValidationError } from '../errors/errors.ts';
import { isRunning, thisProcess } from './process-identity.ts';

/** Sealed content that lies whole in a temporary file and waits for its name. */
export interface TempFile {
  /** Where it is now: it may be moved to another file system before it is given its name. */
  path: string;
  /** Bytes. */
  readonly size: number;
}

/** Temporary files name their process, so that another one can tell which of them are left over. */
const { host, pid, started } = thisProcess;
const temporaryName = () => `.signstash-${host}-${pid}-${started}-${randomUUID()}.part`;

/** Chunks are gathered, and written together once they have this size. Bytes. */
const writeBytes = 512 * 1024;

/** Memory for gathering that no writer has: each document's own would be garbage a moment later. */
const spare: Buffer[] = [];
/** More than are spare after a run with many requests at once. */
const maxSpare = 8;

/**
 * Writes contents as they arrive to `.signstash-….part` files of a directory.
 *
 * @param durable - Whether a content counts as finished only once it is on the disk itself.
 */
export function spoolStore(directory: string, { durable }: { durable: boolean }): ContentStore<TempFile> {
  return () => {
    const path = join(directory, temporaryName());
    let file: FileHandle | undefined;
    let gathered: Buffer | undefined;
    let filled = 0;
    let size = 0;
    const flush = async () => {
      file ??= await open(path, 'wx', 0o666);
      if (gathered) await writeAll(file, gathered.subarray(0, filled));
      filled = 0;
    };
    const end = async () => {
      if (gathered && spare.length < maxSpare) spare.push(gathered);
      gathered = undefined;
      await file?.close();
      file = undefined;
    };
    return {
      async write(chunk) {
        size += chunk.byteLength;
        for (let at = 0; at < chunk.byteLength; ) {
          gathered ??= spare.pop() ?? Buffer.allocUnsafeSlow(writeBytes);
          const part = chunk.subarray(at, at + writeBytes - filled);
          gathered.set(part, filled);
          filled += part.byteLength;
          at += part.byteLength;
          if (filled === writeBytes) await flush();
        }
      },
      async finish() {
        await flush();
        if (durable) await file?.datasync();
        await end();
        return { path, size };
      },
      async discard() {
        await end();
        await rm(path, { force: true });
      },
    };
  };
}

/** The system may take less than it is given. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) at += (await file.write(bytes, at)).bytesWritten;
}

/**
 * Gives spooled content its final name, at once and whole. Where that fails, the content stays where it is.
 *
 * @param overwrite - Whether a file that has the name already is replaced.
 * @param durable - Whether a copy, where one has to be made, must be on the disk itself first.
 * @throws {@link ValidationError} `OUTPUT_EXISTS`
 */
export async function commitSpooled(
  spooled: TempFile,
  target: string,
  { overwrite, durable }: { overwrite: boolean; durable: boolean },
): Promise<void> {
  if (dirname(spooled.path) !== dirname(target)) await moveNear(spooled, target, durable);
  if (overwrite) return rename(spooled.path, target);
  try {
    // A hard link fails where the name is taken; a rename would silently replace.
    await link(spooled.path, target);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EEXIST') throw outputExists(target);
    if (!linkless.has(code)) throw error;
    await takeName(target);
    return rename(spooled.path, target);
  }
  await discardSpooled(spooled);
}

/** What file systems say that know no hard links, such as FAT and some on the network. */
const linkless: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);

/** Takes a name by an empty file of ours, which may then be replaced. */
async function takeName(target: string): Promise<void> {
  try {
    await (await open(target, 'wx')).close();
  } catch (error) {
    throw (error as { code?: string }).code === 'EEXIST' ? outputExists(target) : error;
  }
}

/** The spool may lie on another file system than the target, across which nothing can be renamed. */
async function moveNear(spooled: TempFile, target: string, durable: boolean): Promise<void> {
  const near = join(dirname(target), basename(spooled.path));
  try {
    await rename(spooled.path, near);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EXDEV') throw error;
    await copyWhole(spooled.path, near, durable);
    await discardSpooled(spooled);
  }
  spooled.path = near;
}

async function copyWhole(from: string, to: string, durable: boolean): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    if (durable) await sync(to, 'r+');
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
}

/** Keeps content that could not be given its name where no run clears it away. @returns Where. */
export async function keepSpooled(spooled: TempFile, target: string): Promise<string> {
  const kept = `${target}.${randomUUID().slice(0, 8)}.unsaved`;
  // Where even this fails, it is better off under its temporary name than gone.
  await rename(spooled.path, kept).then(
    () => {
      spooled.path = kept;
    },
    () => {},
  );
  return spooled.path;
}

/** Keeps content that failed its check, next to where it would have gone. @returns Where. */
export async function rejectSpooled(spooled: TempFile, target: string): Promise<string> {
  const options = { overwrite: false, durable: true };
  const first = `${target}.rejected`;
  try {
    await commitSpooled(spooled, first, options);
    return first;
  } catch (error) {
    if (!(error instanceof ValidationError)) return keepSpooled(spooled, target);
  }
  // An earlier run rejected a content of the same document: both are kept.
  const another = `${target}.${randomUUID().slice(0, 8)}.rejected`;
  await commitSpooled(spooled, another, options);
  return another;
}

/** Removes spooled content that nobody wants. */
export async function discardSpooled({ path }: TempFile): Promise<void> {
  await rm(path, { force: true });
}

export function outputExists(target: PathLike): ValidationError {
  return new ValidationError('OUTPUT_EXISTS', `${target} exists already.`, { document: String(target) });
}

/** Names given to files last only once their directory is on the disk. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows has no such thing and needs none.
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

/** Makes a directory for outputs, and removes what processes of this machine that were killed have left in it. */
export async function prepareDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(directory)) {
    const [, owner, pid, started] = /^\.signstash-([0-9a-f]{8})-(\d+)-([0-9a-f]+)-[0-9a-f-]+\.part$/.exec(name) ?? [];
    if (owner !== host || started === undefined || isRunning({ pid: Number(pid), started })) continue;
    await rm(join(directory, name), { force: true });
  }
}
