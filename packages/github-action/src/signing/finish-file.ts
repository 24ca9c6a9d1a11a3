import { createHash } from 'node:crypto';
import { chmod, readFile, rename, stat } from 'node:fs/promises';
import type { BatchSigned } from '@signstash-connect/core';
import type { ReadyDocument } from '../documents/prepare-documents.ts';
import type { FileReport, Problem } from '../report/file-report.ts';
import { findSignatureError } from './find-signature-error.ts';

/** Checks the signed content of a file, moves it into place and reports it. */
export async function finishFile(
  { file, document, target, size }: ReadyDocument,
  result: BatchSigned,
  { verify, outputName }: { verify: boolean; outputName: (path: string) => string },
): Promise<FileReport> {
  const { reference, operationId, recovered, resumed, facts, outputPath = document.output } = result;
  const content = await readFile(outputPath);
  const common = { file: file.name, reference, ...(operationId === undefined ? {} : { operationId }) };
  const problem =
    (recovered ? otherDocument(facts?.contentLength, size) : undefined) ??
    (verify && content.includes('%PDF-') && content.indexOf('%PDF-') < 1024 ? invalidContent(content) : undefined);
  if (problem) {
    const message = `${file.name}: ${problem.message} It is in ${outputName(outputPath)}.`;
    return { ...common, status: 'failed', problem: { ...problem, message } };
  }
  if (outputPath !== target && outputPath === document.output) {
    await chmod(outputPath, (await stat(target)).mode);
    await rename(outputPath, target);
  }
  const place = outputPath === document.output ? target : outputPath;
  const sha256 = createHash('sha256').update(content).digest('hex');
  return {
    ...common,
    status: 'signed',
    output: outputName(place),
    bytes: content.length,
    sha256,
    ...(recovered || resumed ? { recovered: true } : {}),
  };
}

/** A reference without {sha256} may belong to a document that has changed since it was signed. */
function otherDocument(originalLength: number | undefined, size: number): Problem | undefined {
  if (originalLength === undefined || originalLength === size) return undefined;
  const message = `this external reference belongs to another document at the service: ${originalLength} bytes, not ${size}.`;
  return { code: 'CONTENT_NOT_VALID', message, hint: 'Put {sha256} or {run} into external-reference.' };
}

function invalidContent(content: Buffer): Problem | undefined {
  const wrong = findSignatureError(content);
  if (wrong === undefined) return undefined;
  const hint = "Do not use it; ask your Sign'Stash operator about the operation.";
  return { code: 'CONTENT_NOT_VALID', message: `the signed content is not valid: ${wrong}.`, hint };
}
