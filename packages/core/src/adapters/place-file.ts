import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, readFile, realpath, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { SignedBatchDocument } from '../batch/options.ts';
import { AdapterError } from './adapter-error.ts';
import { type FoundFile, isOutside, type SignFilesOptions } from './find-documents.ts';
import type { PreparedFile } from './prepare-file.ts';

/** A signed file at its final path. */
export interface PlacedFile {
  readonly path: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/**
 * Where core writes the signed version of a file that is replaced: in the same directory, so that an atomic rename can replace the
 * original once it is checked; hidden, so that no pattern matches it.
 */
export const stagingPath = (path: string): string => join(dirname(path), `.${basename(path)}.signed`);

/**
 * The file to replace: a symbolic link keeps pointing to its target, and the target is replaced. A link must not lead out of the
 * root, which would let the content of a repository choose any file of the machine; files that were named outside the root may be
 * replaced themselves.
 *
 * @throws {@link AdapterError} `LINK_OUTSIDE_ROOT` naming the link.
 */
export async function replaceablePath({ path, name, outside }: FoundFile, root: string): Promise<string> {
  const real = await realpath(path);
  const expected = outside ? join(await realpath(dirname(path)), basename(path)) : undefined;
  if (real === expected || !isOutside(real, await realpath(root))) return real;
  throw new AdapterError(
    'LINK_OUTSIDE_ROOT',
    `${name} is a symbolic link to ${real}, outside ${root}; it was not sent.`,
    {
      title: 'A symbolic link leads to another place',
      hint: 'Name the target itself, or write the signed file to another directory instead of signing in place.',
      setting: 'inPlace',
    },
  );
}

/**
 * Checks the signed version of a file and moves it to its final path.
 *
 * @throws {@link AdapterError} `CONTENT_NOT_VALID` if it must not be used; it stays where core wrote it.
 */
export async function placeSignedFile(
  { file, document, target, size }: PreparedFile,
  result: SignedBatchDocument,
  { verify, recoveredContent }: Pick<SignFilesOptions, 'verify' | 'recoveredContent'>,
): Promise<PlacedFile> {
  const { recovered, document: signed, outputPath = document.output } = result;
  const isOtherRendering = recovered && recoveredContent === 'any';
  const signedLength = recovered && !isOtherRendering ? signed?.contentLength : undefined;
  if (signedLength !== undefined && signedLength !== size) {
    const message = `${file.name}: the service has another document under this external reference, of ${signedLength} bytes instead of ${size}. It is in ${outputPath}.`;
    throw notValid(message, 'Make the external reference depend on the content.');
  }
  const content = verify && (await readFile(outputPath));
  const reason = content && (await verify?.(content, { ...file, isOtherRendering }));
  if (reason) {
    const message = `${file.name}: the signed file cannot be used: ${reason}. It is in ${outputPath}.`;
    throw notValid(message, "Do not use it; ask your Sign'Stash operator about the operation.");
  }
  const { sha256, bytes } = await checksum(content ?? createReadStream(outputPath));
  // An earlier run may have written it under another name, which the journal records.
  if (outputPath === target || outputPath !== document.output) return { path: outputPath, bytes, sha256 };
  await chmod(outputPath, (await stat(target)).mode);
  await rename(outputPath, target);
  return { path: target, bytes, sha256 };
}

async function checksum(content: Uint8Array | AsyncIterable<Uint8Array>) {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { sha256: hash.digest('hex'), bytes };
}

const notValid = (message: string, hint: string) =>
  new AdapterError('CONTENT_NOT_VALID', message, { title: 'The signed file cannot be used', hint, httpStatus: 502 });
