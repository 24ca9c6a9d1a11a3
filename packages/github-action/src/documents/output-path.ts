import { basename, dirname, join, parse, resolve } from 'node:path';
import type { OutputInputs } from '../inputs/inputs.ts';
import type { FoundFile } from './find-documents.ts';

/** Where a file's signed version goes: below the output directory in the same tree, or next to it. */
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
 * Where core writes the signed version of a file that is replaced: in the same directory, so that an atomic rename can replace the
 * original once the signature is checked; hidden, so that no pattern matches it.
 */
export const stagingPath = (path: string): string => join(dirname(path), `.${basename(path)}.signed`);
