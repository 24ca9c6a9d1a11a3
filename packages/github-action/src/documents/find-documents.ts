import { existsSync } from 'node:fs';
import { findFiles } from '@signstash-connect/core';
import type { Inputs } from '../inputs/inputs.ts';
import { isOutside, nameOf } from './name-of.ts';
import { outputPath } from './output-path.ts';

/** A file that the inputs name. */
export interface FoundFile {
  /** Absolute. */
  path: string;
  /** See {@link nameOf}. */
  name: string;
  /** Whether it lies outside the workspace. */
  outside: boolean;
}

export interface FoundFiles {
  files: FoundFile[];
  /** Lines of `files` that are no patterns and name a file that does not exist. */
  missing: string[];
}

/** What `files` names, in order, each once; outputs of an earlier run, which patterns match as well, are left out. */
export async function findDocuments(inputs: Inputs, workspace: string): Promise<FoundFiles> {
  const { suffix, outputDirectory } = inputs;
  const paths = await findFiles(inputs.files, { suffix, ...(outputDirectory ? { outputDirectory } : {}) });
  const all = paths.map((path) => ({ path, name: nameOf(path, workspace), outside: isOutside(path, workspace) }));
  const files = all.filter(({ path }) => existsSync(path));
  const missing = all.filter((file) => !files.includes(file)).map(({ name }) => name);
  if (inputs.inPlace) return { files, missing };
  const outputs = new Map(files.map((file) => [outputPath(file, inputs, workspace), file]));
  return { files: files.filter((file) => (outputs.get(file.path) ?? file) === file), missing };
}
