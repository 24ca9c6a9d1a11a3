import { createHash } from 'node:crypto';
import { chmod, readFile, rename, stat } from 'node:fs/promises';
import type { BatchSigned } from '@signstash-connect/core';
import type { ReadyDocument } from '../documents/prepare-documents.ts';
import type { FileReport, Problem } from '../report/file-report.ts';
import { findSignatureError } from './verify-seal.ts';

/** Checks what came back for a file, puts it into its place, and says so. */
export async function finishFile(
  { file, document, target, size }: ReadyDocument,
  result: BatchSigned,
  { verify, outputName }: { verify: boolean; outputName: (path: string) => string },
): Promise<FileReport> {
  const { reference, operationId, recovered, resumed, document: signedDocument, outputPath = document.output } = result;
  const content = await readFile(outputPath);
  const common = { file: file.name, reference, ...(operationId === undefined ? {} : { operationId }) };
  const problem =
    (recovered ? sealOfAnother(signedDocument?.contentLength, size) : undefined) ??
    (verify && content.includes('%PDF-') && content.indexOf('%PDF-') < 1024 ? invalidSeal(content) : undefined);
  if (problem) {
    const message = `${file.name}: ${problem.message} It lies in ${outputName(outputPath)}.`;
    return { ...common, status: 'failed', problem: { ...problem, message } };
  }
  if (outputPath !== target && outputPath === document.output) {
    await chmod(outputPath, (await stat(target)).mode);
    await rename(outputPath, target);
  }
  const place = outputPath === document.output ? target : outputPath;
  const sha256 = createHash('sha256').update(content).digest('hex');
  const found = recovered || resumed ? { foundAgain: true } : {};
  return { ...common, status: 'sealed', output: outputName(place), bytes: content.length, sha256, ...found };
}

/** A reference without {sha256} may name a document that has changed since it was sealed. */
function sealOfAnother(sealedLength: number | undefined, size: number): Problem | undefined {
  if (sealedLength === undefined || sealedLength === size) return undefined;
  const message = `the service holds a seal under this external reference, of another document: ${sealedLength} bytes, not ${size}.`;
  return { code: 'SEAL_NOT_VALID', message, hint: 'Put {sha256} or {run} into external-reference.' };
}

function invalidSeal(content: Buffer): Problem | undefined {
  const wrong = findSignatureError(content);
  if (wrong === undefined) return undefined;
  const hint = "Do not use it; ask your Sign'Stash operator about the operation.";
  return { code: 'SEAL_NOT_VALID', message: `what came back is no valid seal: ${wrong}.`, hint };
}
