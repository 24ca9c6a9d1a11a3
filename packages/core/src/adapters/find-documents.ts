import { existsSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { findFiles } from '../batch/input.ts';
import type { BatchInput, BatchOptions, SignBatch } from '../batch/options.ts';
import type { DescribeErrorOptions } from './describe-error.ts';
import { type OutputOptions, outputPath } from './output-names.ts';
import type { FileResult } from './report.ts';
import type { ParsedSignOptions } from './sign-options.ts';

/** A file that the patterns name. */
export interface FoundFile {
  /** Absolute. */
  readonly path: string;
  /** Its name in results and messages: below the root with slashes, or absolute outside it. */
  readonly name: string;
  /** Whether it is outside the root. */
  readonly outside: boolean;
}

/** The file whose signed version is checked. */
export interface FileToVerify extends FoundFile {
  /** Whether the signed version may be of another rendering of the document: see `recoveredContent`. */
  readonly isOtherRendering: boolean;
}

type BatchSettings = Pick<
  BatchOptions,
  | 'batchSize'
  | 'concurrency'
  | 'maxRequestBytes'
  | 'journal'
  | 'durable'
  | 'description'
  | 'lookUpFirst'
  | 'recoveredContent'
  | 'timeoutMs'
  | 'referenceLock'
  | 'referenceLockWaitMs'
>;

export interface SignFilesOptions extends BatchSettings, Omit<OutputOptions, 'root'> {
  /** Signs; not needed for a dry run. */
  client?: { signAll(documents: BatchInput, options?: BatchOptions): SignBatch };
  /** Prefix of derived external references. */
  clientId: string;
  /** Directory that names in results are relative to, and that in-place signing must not leave. Default: the working directory. */
  root?: string;
  /** Replace existing output files. Default false: such a document is refused before it is sent. */
  overwrite?: boolean;
  /** Leave out PDFs that carry a signature already. Default true. */
  skipSigned?: boolean;
  /** How documents are signed, see `parseSignOptions`. */
  sign?: ParsedSignOptions;
  /** Bytes; a larger document is refused before it is sent. Default 100 MiB. */
  maxDocumentBytes?: number;
  /** External reference of a file. Default: derived from client ID, name and content. */
  reference?: (file: FoundFile & { readonly sha256: string }) => string | undefined | Promise<string | undefined>;
  /** Checks a signed file before it is moved to its final path. Returns the reason why it must not be used, or undefined. */
  verify?: (content: Uint8Array, file: FileToVerify) => string | undefined | Promise<string | undefined>;
  /** Find and check the files; send nothing. */
  dryRun?: boolean;
  /** Send nothing more after the first file that fails. */
  failFast?: boolean;
  signal?: AbortSignal;
  /** Called before anything is read or sent; may throw to stop the run. */
  onFound?: (found: { readonly files: readonly FoundFile[]; readonly missing: readonly string[] }) => void;
  /** Called with each result as soon as it is final. */
  onResult?: (result: FileResult) => void;
  onProgress?: BatchOptions['onProgress'];
  /** The platform's texts for errors. */
  describe?: DescribeErrorOptions;
}

/** The files that patterns name, in order, each once, without outputs of an earlier run. */
export async function findDocuments(patterns: readonly string[], options: SignFilesOptions) {
  const root = resolve(options.root ?? '.');
  const directory = options.directory === undefined ? undefined : resolve(root, options.directory);
  const suffix = options.suffix ?? (directory === undefined && !options.inPlace ? '-signed' : '');
  const where = { suffix, ...(directory === undefined ? {} : { outputDirectory: directory }) };
  const paths = await findFiles(patterns, where);
  const all = paths.map((path): FoundFile => ({ path, name: displayName(path, root), outside: isOutside(path, root) }));
  const files = all.filter(({ path }) => existsSync(path));
  const missing = all.filter((file) => !files.includes(file)).map(({ name }) => name);
  if (options.inPlace) return { files, missing };
  const outputs = new Map(files.map((file) => [resolve(outputPath(file, { directory, suffix, root })), file]));
  return { files: files.filter((file) => (outputs.get(file.path) ?? file) === file), missing };
}

/** Whether a path is outside a directory. */
export function isOutside(path: string, root: string): boolean {
  const below = relative(root, path);
  return isAbsolute(below) || below === '..' || below.startsWith(`..${sep}`);
}

/** A file's name in all messages and results: relative to the root with slashes, or absolute outside it. */
export const displayName = (path: string, root: string): string =>
  isOutside(path, root) ? path : relative(root, path).replaceAll(sep, '/');
