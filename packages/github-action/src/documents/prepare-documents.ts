import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  type BatchDocument,
  type DocumentSource,
  documentContent,
  isSignedPdf,
  nodePlatform,
  prepareDocument,
  ValidationError,
} from '@signstash-connect/core';
import type { Context } from '../context.ts';
import type { Inputs } from '../inputs/inputs.ts';
import { FileError } from '../report/file-report.ts';
import { isOutside } from './display-name.ts';
import { fillTemplate } from './external-reference.ts';
import type { FoundFile } from './find-documents.ts';
import { outputPath, stagingPath } from './output-path.ts';

/** A file that may be sent. */
export interface ReadyDocument {
  file: FoundFile;
  /** Where its signed version goes. */
  target: string;
  /** Bytes, before run. */
  size: number;
  /** Core's input. The reference is set, so that every result can be matched to its file. */
  document: BatchDocument & { reference: string; output: string };
}

/** The result of checking files before anything is sent. */
export interface Preparation {
  ready: ReadyDocument[];
  /** Already signed. */
  skipped: FoundFile[];
  failed: { file: FoundFile; error: unknown }[];
}

/** The largest document, in bytes; the vendor sizes for 20 MB. */
const maxDocumentBytes = 100 * 1024 * 1024;

/** Reads and checks every file, by core's own rules. */
export async function prepareDocuments(
  files: readonly FoundFile[],
  inputs: Inputs,
  context: Context,
): Promise<Preparation> {
  const preparation: Preparation = { ready: [], skipped: [], failed: [] };
  const byReference = new Map<string, FoundFile>();
  for (const file of files) {
    if (context.signal.aborted) break;
    try {
      const ready = await prepare(file, inputs, context);
      if (ready === 'signed') preparation.skipped.push(file);
      else {
        assertUniqueReference(ready, byReference);
        preparation.ready.push(ready);
      }
    } catch (error) {
      preparation.failed.push({ file, error });
    }
  }
  return preparation;
}

function assertUniqueReference(
  { file, document: { reference } }: ReadyDocument,
  byReference: Map<string, FoundFile>,
): void {
  const twin = byReference.get(reference);
  if (twin) {
    const message = `${file.name} and ${twin.name} have the same external reference ${reference}.`;
    throw new ValidationError('DUPLICATE_REFERENCE', message, { document: file.name, references: [reference] });
  }
  byReference.set(reference, file);
}

async function prepare(file: FoundFile, inputs: Inputs, context: Context): Promise<ReadyDocument | 'signed'> {
  const { source, release } = await documentContent(file.path);
  try {
    if (inputs.skipSigned && (await isSignedPdf(source))) return 'signed';
    const { clientId, externalReference, signature: seal } = inputs;
    const given = externalReference && (await reference(externalReference, file, source, context));
    // Two files with the same content are two documents, so the path is part of the reference.
    const input = { content: source, name: file.name, key: file.name, ...(given ? { reference: given } : {}) };
    const checked = await prepareDocument(input, 1, { platform: nodePlatform, clientId, maxDocumentBytes, seal });
    const { workspace } = context;
    const target = inputs.inPlace ? await replaceablePath(file, workspace) : outputPath(file, inputs, workspace);
    const document = {
      content: file.path,
      name: basename(file.path),
      reference: checked.reference,
      output: inputs.inPlace ? stagingPath(target) : target,
    };
    return { file, target, size: source.size, document };
  } finally {
    await release?.();
  }
}

/**
 * The file to replace: a symbolic link keeps pointing to its target, and the target is replaced. A link must not lead out of the
 * workspace, which would let the content of a repository choose any file of the machine; files that `files` names outside the
 * workspace may be replaced themselves.
 *
 * @throws {@link FileError} naming the link.
 */
async function replaceablePath({ path, name, outside }: FoundFile, workspace: string): Promise<string> {
  const real = await realpath(path);
  const expected = outside ? join(await realpath(dirname(path)), basename(path)) : undefined;
  if (real === expected || !isOutside(real, await realpath(workspace))) return real;
  throw new FileError(
    'LINK_OUTSIDE_WORKSPACE',
    `${name} leads by a symbolic link to ${real}, outside the workspace; it was not sent.`,
    'Name the target itself in files, or use output-directory instead of in-place.',
  );
}

async function reference(template: string, { name }: FoundFile, source: DocumentSource, context: Context) {
  const { repository, run } = context;
  const sha256 = template.includes('{sha256}') ? await nodePlatform.sha256(source.read()) : '';
  return fillTemplate(template, { repository, run, path: name, sha256 });
}
