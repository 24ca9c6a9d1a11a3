import type { Context } from './context.ts';
import { type FoundFile, findDocuments } from './documents/find-documents.ts';
import { prepareDocuments } from './documents/prepare-documents.ts';
import type { Inputs } from './inputs/inputs.ts';
import { annotate } from './report/annotations.ts';
import { type FileReport, failure } from './report/file-report.ts';
import type { Runner } from './runner.ts';
import { client } from './seal/client.ts';
import { type Sealing, sealDocuments } from './seal/seal-documents.ts';
import { checkLogin } from './seal/try-login.ts';

/** What the action does, from inputs to what became of each file. Throws only what concerns all files. */
export async function runAction(inputs: Inputs, runner: Runner, context: Context): Promise<Sealing> {
  const { clientSecret } = inputs;
  const signstash = clientSecret === undefined ? undefined : client(inputs, clientSecret, runner, context);
  const files = await findFilesOf(inputs, runner, context);
  if (files.length === 0) return { reports: [] };
  const means = { runner, context };

  const { ready, skipped, failed } = await runner.group(`Checking ${counted(files)}`, async () => {
    const preparation = await prepareDocuments(files, inputs, context);
    for (const { name } of preparation.skipped) runner.info(`${JSON.stringify(name)} carries a signature already.`);
    for (const { file, error } of preparation.failed) annotate(runner, failure(file.name, error));
    return preparation;
  });
  const reports: FileReport[] = [
    ...skipped.map(({ name }) => ({
      file: name,
      status: 'skipped' as const,
      reason: 'it carries a signature already',
    })),
    ...failed.map(({ file, error }) => failure(file.name, error)),
  ];

  if (inputs.dryRun || !signstash) {
    await checkLogin(signstash, ready, inputs, means);
    for (const { file, document } of ready) {
      reports.push({ file: file.name, status: 'checked', reference: document.reference });
    }
    return { reports: inOrder(files, reports) };
  }
  if (ready.length === 0 || (inputs.failFast && failed.length > 0)) return { reports: inOrder(files, reports) };
  const sealing = await runner.group(`Sealing ${counted(ready)}`, () => sealDocuments(signstash, ready, inputs, means));
  return { ...sealing, reports: inOrder(files, [...reports, ...sealing.reports]) };
}

async function findFilesOf(inputs: Inputs, runner: Runner, { workspace }: Context): Promise<FoundFile[]> {
  const { files, missing } = await findDocuments(inputs, workspace);
  const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');
  if (missing.length > 0) complain(inputs, runner, `No such file: ${quoted(missing)}.`);
  else if (files.length === 0) complain(inputs, runner, `No file matches ${quoted(inputs.files)}.`);
  return files;
}

/** @throws where `if-no-files-found` says so. */
function complain({ ifNoFilesFound }: Inputs, runner: Runner, message: string): void {
  if (ifNoFilesFound === 'error')
    throw new Error(`${message} If that may be, set if-no-files-found to warn or ignore.`);
  if (ifNoFilesFound === 'warn') runner.warning(message);
  else runner.info(message);
}

const counted = ({ length }: readonly unknown[]) => (length === 1 ? '1 file' : `${length} files`);

/** A report for every file, in the files' own order. */
function inOrder(files: readonly FoundFile[], reports: readonly FileReport[]): FileReport[] {
  const byName = new Map(reports.map((report) => [report.file, report]));
  return files.map(({ name }) => byName.get(name) ?? { file: name, status: 'not-sent' });
}
