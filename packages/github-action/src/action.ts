import type { Context } from './context.ts';
import { type FoundFile, findDocuments } from './documents/find-documents.ts';
import { prepareDocuments } from './documents/prepare-documents.ts';
import type { Inputs } from './inputs/inputs.ts';
import { annotate } from './report/annotations.ts';
import { type FileReport, failure } from './report/file-report.ts';
import type { Runner } from './runner.ts';
import { checkLogin } from './signing/check-login.ts';
import { createClient } from './signing/client.ts';
import { type SignRun, signDocuments } from './signing/sign-documents.ts';

/** Everything the action does between its inputs and a report for each file. Throws only errors that concern all files. */
export async function runAction(inputs: Inputs, runner: Runner, context: Context): Promise<SignRun> {
  const { clientSecret } = inputs;
  const signstash = clientSecret === undefined ? undefined : createClient(inputs, clientSecret, runner, context);
  const files = await findFiles(inputs, runner, context);
  if (files.length === 0) return { reports: [] };

  const { ready, skipped, failed } = await runner.group(`Checking ${counted(files)}`, async () => {
    const preparation = await prepareDocuments(files, inputs, context);
    for (const { name } of preparation.skipped) runner.info(`${JSON.stringify(name)} is already signed.`);
    for (const { file, error } of preparation.failed) annotate(runner, failure(file.name, error));
    return preparation;
  });
  const reports: FileReport[] = [
    ...skipped.map(({ name }) => ({ file: name, status: 'skipped' as const, reason: 'already signed' })),
    ...failed.map(({ file, error }) => failure(file.name, error)),
  ];

  if (inputs.dryRun || !signstash) {
    await checkLogin(signstash, ready, inputs, { runner, context });
    for (const { file, document } of ready) {
      reports.push({ file: file.name, status: 'checked', reference: document.reference });
    }
    return { reports: inOrder(files, reports) };
  }
  if (ready.length === 0 || (inputs.failFast && failed.length > 0)) return { reports: inOrder(files, reports) };
  const run = await runner.group(`Signing ${counted(ready)}`, () =>
    signDocuments(signstash, ready, inputs, { runner, context }),
  );
  return { ...run, reports: inOrder(files, [...reports, ...run.reports]) };
}

async function findFiles(inputs: Inputs, runner: Runner, { workspace }: Context): Promise<FoundFile[]> {
  const { files, missing } = await findDocuments(inputs, workspace);
  const quoted = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(', ');
  if (missing.length > 0) reportNoFiles(inputs, runner, `No such file: ${quoted(missing)}.`);
  else if (files.length === 0) reportNoFiles(inputs, runner, `No file matches ${quoted(inputs.files)}.`);
  return files;
}

/** @throws if `if-no-files-found` is `error`. */
function reportNoFiles({ ifNoFilesFound }: Inputs, runner: Runner, message: string): void {
  if (ifNoFilesFound === 'error') {
    throw new Error(`${message} If this is expected, set if-no-files-found to warn or ignore.`);
  }
  if (ifNoFilesFound === 'warn') runner.warning(message);
  else runner.info(message);
}

const counted = ({ length }: readonly unknown[]) => (length === 1 ? '1 file' : `${length} files`);

/** A report for every file, in the order of the files. */
function inOrder(files: readonly FoundFile[], reports: readonly FileReport[]): FileReport[] {
  const byName = new Map(reports.map((report) => [report.file, report]));
  return files.map(({ name }) => byName.get(name) ?? { file: name, status: 'not-sent' });
}
