import { isAbsolute, relative, sep } from 'node:path';

/** Whether a path is outside the workspace. */
export function isOutside(path: string, workspace: string): boolean {
  const below = relative(workspace, path);
  return isAbsolute(below) || below === '..' || below.startsWith(`..${sep}`);
}

/** A file's name in all messages and outputs: relative to the workspace with slashes, or absolute outside it. */
export const displayName = (path: string, workspace: string): string =>
  isOutside(path, workspace) ? path : relative(workspace, path).replaceAll(sep, '/');
