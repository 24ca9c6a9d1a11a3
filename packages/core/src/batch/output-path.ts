import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { ConfigurationError } from '../errors/errors.ts';
import type { BatchOptions } from './options.ts';

/** Where a document's sealed content goes. @throws {@link ConfigurationError} where that cannot be known. */
export function outputPath(
  document: { name: string; path: string | undefined; output: string | undefined },
  { outputDirectory, baseDirectory, suffix = '-signed' }: BatchOptions,
): string {
  if (document.output !== undefined) return resolve(document.output);
  const { path } = document;
  // A name may come from anywhere: only its last part may choose a file.
  const plain = basename(path ?? document.name);
  const extension = extname(plain);
  const name = `${plain.slice(0, plain.length - extension.length)}${suffix}${extension}`;
  if (outputDirectory === undefined) {
    if (path !== undefined) return resolve(dirname(path), name);
    const message = `${document.name} has no path of its own: give outputDirectory, an output, or inMemory.`;
    throw new ConfigurationError('CONFIGURATION_MISSING', 'outputDirectory', message);
  }
  const branch =
    baseDirectory !== undefined && path !== undefined ? relative(resolve(baseDirectory), dirname(resolve(path))) : '';
  if (branch.split(/[\\/]/).includes('..')) {
    throw new ConfigurationError('CONFIGURATION_INVALID', 'baseDirectory', `${path} is not below baseDirectory.`);
  }
  return resolve(join(outputDirectory, branch, name));
}
