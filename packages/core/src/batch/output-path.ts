import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { ConfigurationError, ValidationError } from '../errors/errors.ts';
import type { BatchOptions } from './options.ts';

/** Longest name of a file or directory on common file systems. Bytes. */
const maxNameBytes = 255;

/**
 * Where a document's signed content goes.
 *
 * @throws {@link ConfigurationError} if no option says where.
 * @throws {@link ValidationError} `OUTPUT_PATH_INVALID` if no file can have this name.
 */
export function outputPath(
  document: { name: string; path: string | undefined; output: string | undefined },
  options: BatchOptions,
): string {
  const path = choosePath(document, options);
  const invalid = (reason: string) =>
    new ValidationError(
      'OUTPUT_PATH_INVALID',
      `${document.name}: invalid output path ${JSON.stringify(path)}: ${reason}.`,
      {
        document: document.name,
      },
    );
  if (path.includes('\0')) throw invalid('it contains a NUL character');
  const bytes = Buffer.byteLength(basename(path));
  if (bytes > maxNameBytes) throw invalid(`its name has ${bytes} bytes, more than ${maxNameBytes}`);
  return path;
}

function choosePath(
  document: { name: string; path: string | undefined; output: string | undefined },
  { outputDirectory, baseDirectory, suffix = '-signed' }: BatchOptions,
): string {
  if (document.output !== undefined) return resolve(document.output);
  const { path } = document;
  // Names may come from anywhere: only the last part is used.
  const plain = basename(path ?? document.name);
  const extension = extname(plain);
  const name = `${plain.slice(0, plain.length - extension.length)}${suffix}${extension}`;
  if (outputDirectory === undefined) {
    if (path !== undefined) return resolve(dirname(path), name);
    const message = `${document.name} is not a file: set outputDirectory, output or inMemory.`;
    throw new ConfigurationError('CONFIGURATION_MISSING', 'outputDirectory', message);
  }
  const branch =
    baseDirectory !== undefined && path !== undefined ? relative(resolve(baseDirectory), dirname(resolve(path))) : '';
  if (branch.split(/[\\/]/).includes('..')) {
    throw new ConfigurationError('CONFIGURATION_INVALID', 'baseDirectory', `${path} is not below baseDirectory.`);
  }
  return resolve(join(outputDirectory, branch, name));
}
