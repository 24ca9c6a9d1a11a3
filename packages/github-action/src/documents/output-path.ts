import { basename, dirname, join, parse, resolve } from 'node:path';
import type { OutputInputs } from '../inputs/outputs.ts';
import type { FoundFile } from './find-documents.ts';

/** Where a file's sealed form belongs: below the output directory in its own tree, or next to it. */
export function outputPath({ path, name, outside }: FoundFile, where: OutputInputs, workspace: string): string {
  const { inPlace, outputDirectory, suffix } = where;
  if (inPlace) return path;
  const { name: stem, ext } = parse(path);
  const renamed = `${stem}${suffix}${ext}`;
  if (outputDirectory === undefined) return join(dirname(path), renamed);
  // From outside the workspace there is no tree to keep.
  return resolve(workspace, outputDirectory, outside ? '' : dirname(name), renamed);
}

/**
 * Where core writes a file that is to be replaced. Next to it, so that it can be moved over it in one step, once it is known to be
 * good; hidden, so that no pattern finds it.
 */
export const stagingPath = (path: string): string => join(dirname(path), `.${basename(path)}.sealed`);
