import {
  type BatchDocument,
  type BatchResult,
  isSignStashError,
  type SignStash,
  type SignStashError,
} from '@signstash-connect/core';
import type { Context } from '../context.ts';
import { displayName } from '../documents/display-name.ts';
import type { ReadyDocument } from '../documents/prepare-documents.ts';
import type { Inputs } from '../inputs/inputs.ts';
import { annotate } from '../report/annotations.ts';
import { type FileReport, failure } from '../report/file-report.ts';
import type { Runner } from '../runner.ts';
import { finishFile } from './finish-file.ts';
import { journalPath } from './journal-path.ts';
import { progressLines } from './progress-lines.ts';

export interface SignRun {
  /** Of every document that was signed, failed or cancelled. */
  reports: FileReport[];
  /** The error that stopped the run, such as refused credentials. */
  stoppedBy?: SignStashError;
}

/** Signs documents with core's `signAll`. Throws only errors that concern all documents, before anything is sent. */
export async function signDocuments(
  signstash: SignStash,
  documents: readonly ReadyDocument[],
  inputs: Inputs,
  { runner, context }: { runner: Runner; context: Context },
): Promise<SignRun> {
  const { batchSize, concurrency, overwrite, inPlace, failFast, signature } = inputs;
  const byReference = new Map(documents.map((ready) => [ready.document.reference, ready]));
  const reports: FileReport[] = [];
  const stopEarly = () => failFast && reports.some(({ status }) => status === 'failed');
  const batch = signstash.signAll(takeUntilAborted(documents, stopEarly), {
    ...signature,
    batchSize,
    concurrency,
    overwrite: overwrite || inPlace,
    journal: journalPath(inputs, context),
    signal: context.signal,
    onProgress: progressLines(documents.length, runner),
  });
  try {
    for await (const result of batch) {
      const ready = byReference.get(result.reference);
      if (!ready) throw new Error(`There is a result for ${result.name}, which was not sent.`);
      const report = await reportFor(ready, result, inputs, context);
      reports.push(report);
      // The error that stopped the run is reported once, not per file.
      if (report.problem?.code !== batch.summary.stoppedBy?.code) annotate(runner, report);
    }
  } catch (error) {
    if (!context.signal.aborted || !isSignStashError(error)) throw error;
  }
  const { stoppedBy } = batch.summary;
  return { reports, ...(stoppedBy ? { stoppedBy } : {}) };
}

/** Requests in progress are not aborted: that would only leave the outcome of their documents unknown. */
function* takeUntilAborted(documents: readonly ReadyDocument[], stop: () => boolean): Generator<BatchDocument> {
  for (const { document } of documents) {
    if (stop()) return;
    yield document;
  }
}

async function reportFor(
  ready: ReadyDocument,
  result: BatchResult,
  { verify }: Inputs,
  { workspace }: Context,
): Promise<FileReport> {
  if (!result.ok) return failure(ready.file.name, result.error);
  try {
    return await finishFile(ready, result, { verify, outputName: (path) => displayName(path, workspace) });
  } catch (error) {
    return failure(ready.file.name, error);
  }
}
