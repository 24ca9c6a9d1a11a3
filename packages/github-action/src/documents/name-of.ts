import { isAbsolute, relative, sep } from 'node:path';

/** Whether a path lies outside the workspace. */
export function isOutside(path: string, workspace: string): boolean {
  const below = relative(workspace, path);
  return isAbsolute(below) || below === '..' || below.startsWith(`..${sep}`);
}

/** What a file is called everywhere: below the workspace, with slashes; absolute where it lies elsewhere. */
export const nameOf = (path: string, workspace: string): string =>
  isOutside(path, workspace) ? path : relative(workspace, path).replaceAll(sep, '/');
