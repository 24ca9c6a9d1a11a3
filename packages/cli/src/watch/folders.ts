import { mkdir } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { ConfigurationError } from '@signstash-connect/core';
import { isOutside } from '@signstash-connect/core/adapter/node';

/** Where everything is. Absolute paths. */
export interface Folders {
  in: string;
  signed: string;
  processed: string;
  failed: string;
  /** Locks, signed files that have no name yet, and records: for the watcher only. */
  state: string;
}

export const profileName = 'signstash.profile.json';

/** Files of operating systems, editors and programs that are still writing; profiles. */
const ignoredNames =
  /^\.|^~\$|~$|^(thumbs\.db|desktop\.ini|signstash\.profile\.json)$|\.(tmp|temp|part|partial|filepart|crdownload|swp|lock)$/i;

export const isIgnored = (path: string): boolean => ignoredNames.test(basename(path));

/** @throws `ConfigurationError` if a folder is inside the input folder, or two are the same. */
export function resolveFolders(root: string, given: Partial<Folders> = {}): Folders {
  const path = (name: keyof Folders, fallback: string) => resolve(root, given[name] ?? fallback);
  const folders: Folders = {
    in: path('in', 'in'),
    signed: path('signed', 'signed'),
    processed: path('processed', 'processed'),
    failed: path('failed', 'failed'),
    state: path('state', '.signstash'),
  };
  const entries = Object.entries(folders);
  for (const [name, folder] of entries) {
    const same = entries.find(([other, its]) => other !== name && its === folder);
    if (same) throw invalid(name, `${name} and ${same[0]} are the same folder ${folder}`);
    if (name !== 'in' && !isOutside(folder, folders.in))
      throw invalid(name, `${folder} is inside the input folder ${folders.in}`);
  }
  return folders;
}

const invalid = (setting: string, problem: string) =>
  new ConfigurationError('CONFIGURATION_INVALID', setting, `Invalid folder: ${problem}. Use separate folders.`);

export async function createFolders(folders: Folders): Promise<void> {
  for (const folder of Object.values(folders)) {
    try {
      await mkdir(folder, { recursive: true });
    } catch (cause) {
      const message = `The folder ${folder} cannot be created: ${(cause as Error).message}.`;
      throw new ConfigurationError('CONFIGURATION_INVALID', 'folder', message, { cause });
    }
  }
}

/** A file's name below the input folder, with slashes. */
export const nameBelow = (folder: string, path: string): string => relative(folder, path).replaceAll(sep, '/');

/** Where core writes signed content before it gets its final name; the same in every process for the same reference. */
export const stagedOutput = (folders: Folders, hash: string): string => join(folders.state, 'outputs', hash);
