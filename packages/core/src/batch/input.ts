import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import type { BatchDocument, BatchInput, BatchOptions } from './options.ts';

export interface OpenedInput {
  documents: AsyncIterable<BatchDocument> | Iterable<BatchDocument>;
  /** Where it is known beforehand. */
  total?: number;
}

/** Paths and patterns become documents; anything else is one already. */
export async function openInput(input: BatchInput, options: BatchOptions): Promise<OpenedInput> {
  const patterns = typeof input === 'string' ? [input] : isTexts(input) ? input : undefined;
  if (patterns) {
    const paths = await findFiles(patterns, options);
    return { documents: asDocuments(paths), total: paths.length };
  }
  const documents = input as Exclude<BatchInput, string | readonly string[]>;
  return Array.isArray(documents) ? { documents, total: documents.length } : { documents };
}

function* asDocuments(paths: readonly string[]): Iterable<BatchDocument> {
  for (const content of paths) yield { content };
}

const isTexts = (input: BatchInput): input is readonly string[] =>
  Array.isArray(input) && input.length > 0 && input.every((item) => typeof item === 'string');

/**
 * The files that `signAll` would sign for these patterns: paths as they are, patterns as what they match, `!` excludes; sorted,
 * each file once, whatever links lead to it, without earlier outputs.
 */
export async function findFiles(
  patterns: readonly string[],
  options: Pick<BatchOptions, 'suffix' | 'outputDirectory'> = {},
): Promise<string[]> {
  const { glob, isDynamicPattern } = await import('tinyglobby');
  const exclusions = patterns.filter((pattern) => pattern.startsWith('!'));
  const found: string[] = [];
  const dynamic: string[] = [];
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) continue;
    // A file may have a name like a pattern's, such as `invoice [1].pdf`.
    if (!isDynamicPattern(pattern) || (await isFile(pattern))) found.push(resolve(pattern));
    else dynamic.push(pattern);
  }
  if (dynamic.length > 0) {
    const ignore = exclusions.map((pattern) => pattern.slice(1));
    const matches = await glob(dynamic.map(slashes), {
      absolute: true,
      onlyFiles: true,
      expandDirectories: false,
      ignore: ignore.map(slashes),
    });
    found.push(...matches.filter((path) => !isEarlierOutput(path, options)).map((path) => resolve(path)));
  }
  const byFile = new Map<string, string>();
  for (const path of found.sort()) {
    const real = await realpath(path).catch(() => path);
    if (!byFile.has(real)) byFile.set(real, path);
  }
  return [...byFile.values()];
}

const isFile = (path: string) =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** Patterns are written with slashes; on Windows an absolute path comes with backslashes. */
const slashes = (pattern: string) =>
  isAbsolute(pattern) && process.platform === 'win32' ? pattern.replaceAll('\\', '/') : pattern;

/** Whether a file looks like an output of an earlier run, in a place where outputs go: a second run must not sign signed files. */
function isEarlierOutput(
  path: string,
  { suffix = '-signed', outputDirectory }: Pick<BatchOptions, 'suffix' | 'outputDirectory'>,
): boolean {
  if (suffix === '' || !new RegExp(`${literal(suffix)}(\\.[^./\\\\]*)?$`).test(path)) return false;
  return outputDirectory === undefined || !relative(resolve(outputDirectory), path).startsWith('..');
}

const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
