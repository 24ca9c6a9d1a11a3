import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, relative, resolve, sep } from 'node:path';
import { type BatchDocument, bytesSource, derivedReference, isSignedPdf, referenceSeed } from '@signstash-connect/core';
import { glob } from 'tinyglobby';
import type { Inputs } from './inputs.ts';

/** A file of the workspace that is to be sealed. */
export interface FoundFile {
  /** Absolute. */
  path: string;
  /** Below the workspace, with slashes: how it is called everywhere. */
  name: string;
}

/** Files that the patterns match, sorted, each once; sealed files of an earlier step are left out. */
export async function findFiles({ files, suffix }: Inputs, workspace: string): Promise<FoundFile[]> {
  const paths = await glob(files, { cwd: workspace, absolute: true, onlyFiles: true, expandDirectories: false });
  const found = paths.map((path) => ({ path, name: relative(workspace, path).split(sep).join('/') }));
  return found
    .filter(({ name }) => suffix === '' || !name.endsWith(`${suffix}${extname(name)}`))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export const carriesSignature = async ({ path }: FoundFile): Promise<boolean> =>
  isSignedPdf(bytesSource(await readFile(path)));

/** What core is asked to do with a file. The reference is given, so that each result can be told to its file. */
export async function batchDocument(
  file: FoundFile,
  inputs: Inputs,
  context: { workspace: string; repository: string; run: string },
): Promise<BatchDocument & { output: string; reference: string }> {
  const { externalReference, inPlace, outputDirectory, suffix, clientId } = inputs;
  const extension = extname(file.name);
  const renamed = `${file.name.slice(0, file.name.length - extension.length)}${suffix}${extension}`;
  const hash = sha256(await readFile(file.path));
  return {
    content: file.path,
    name: file.name.split('/').at(-1) ?? file.name,
    output: inPlace ? file.path : resolve(context.workspace, outputDirectory ?? '', renamed),
    reference: externalReference
      ? fillIn(externalReference, { ...context, path: file.name, sha256: hash })
      : derivedReference(clientId, sha256(referenceSeed(hash, undefined))),
  };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A path may hold what a reference may not. */
const fillIn = (template: string, values: Record<string, string>) =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '').replace(/[^\w.:@-]+/g, '-');
