import { existsSync } from 'node:fs';
import { findFiles } from '@signstash-connect/core';
import type { Inputs } from '../inputs/inputs.ts';
import { displayName, isOutside } from './display-name.ts';
import { outputPath } from './output-path.ts';

/** A file that the inputs name. */
export interface FoundFile {
  /** Absolute. */
  path: string;
  /** See {@link displayName}. */
  name: string;
  /** Whether it is outside the workspace. */
  outside: boolean;
}

export interface FoundFiles {
  files: FoundFile[];
  /** Lines of `files` without a pattern that name a file that does not exist. */
  missing: string[];
}

/** The files that `files` names, in order, each once, without outputs of an earlier run. */
export async function findDocuments(inputs: Inputs, workspace: string): Promise<FoundFiles> {
  const { suffix, outputDirectory } = inputs;
  const paths = await findFiles(inputs.files, { suffix, ...(outputDirectory ? { outputDirectory } : {}) });
  const all = paths.map((path) => ({ path, name: displayName(path, workspace), outside: isOutside(path, workspace) }));
  const files = all.filter(({ path }) => existsSync(path));
  const missing = all.filter((file) => !files.includes(file)).map(({ name }) => name);
  if (inputs.inPlace) return { files, missing };
  const outputs = new Map(files.map((file) => [outputPath(file, inputs, workspace), file]));
  return { files: files.filter((file) => (outputs.get(file.path) ?? file) === file), missing };
}
