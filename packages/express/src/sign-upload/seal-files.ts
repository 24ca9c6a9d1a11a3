import { createHash } from 'node:crypto';
import type { SignOptions, SignResult, SignStash } from '@signstash-connect/core';
import type { PdfSealOptions } from '../seal-options.ts';
import type { UploadedFile } from './uploaded-file.ts';

export interface FileToSeal {
  file: UploadedFile;
  options: PdfSealOptions;
}

/** Seals files in one request, in the order given. A file that came twice is sealed, and counted, once. */
export async function sealFiles(
  client: SignStash,
  files: readonly FileToSeal[],
  signal: AbortSignal,
): Promise<SignResult[]> {
  const identities = files.map(identity);
  const unique = [...new Map(files.map((file, index) => [identities[index]!, file])).entries()];
  const results = await client.signMany(
    unique.map(([, { file, options }]) => ({ name: file.name, ...ofDocument(options), content: file.bytes })),
    { ...ofCall(files[0]!.options), signal },
  );
  const byIdentity = new Map(unique.map(([name], place) => [name, results[place]!]));
  return files.map(({ file }, index) => ({ ...byIdentity.get(identities[index]!)!, name: file.name }));
}

function identity({ file, options: { key = '', reference = '' } }: FileToSeal): string {
  return JSON.stringify([createHash('sha256').update(file.bytes).digest('hex'), key, reference]);
}

const callOptions = ['description', 'preservation', 'lookUpFirst', 'timeoutMs'] as const;

const ofCall = (options: PdfSealOptions): SignOptions =>
  Object.fromEntries(callOptions.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));

function ofDocument(options: PdfSealOptions) {
  const { description: _, preservation: __, lookUpFirst: ___, timeoutMs: ____, ...document } = options;
  return { ...document, type: 'PAdES' as const };
}
