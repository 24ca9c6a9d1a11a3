import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { SignStashOptions } from '@signstash-connect/core';
import type { FileResult, Report } from '@signstash-connect/core/adapter';
import { type FoundFile, signFiles } from '@signstash-connect/core/adapter/node';
import { type OpenClient, openClient } from './client.ts';
import { type ExitCode, exitCodeOfReport, exitCodes, UsageError } from './exit-codes.ts';
import { given, inFolder } from './files.ts';
import { openReferenceLock } from './lock.ts';
import { line, showProgress } from './progress.ts';
import type { InvoicesOfRun, ReferencePattern } from './references/reference-pattern.ts';
import { prepareReport, writeReport } from './report-files.ts';
import type { CommandContext } from './run.ts';
import { settingsError } from './settings.ts';
import { createVerification } from './verifier.ts';

export interface SignFlags {
  out?: string;
  suffix?: string;
  inPlace?: boolean;
  overwrite?: boolean;
  includeSigned?: boolean;
  allowEmpty?: boolean;
  failFast?: boolean;
  batchSize?: number;
  concurrency?: number;
  report?: string;
  checksums?: string;
  dryRun?: boolean;
  resume?: boolean;
  journal?: string;
}

/** Signs the files that patterns name, and reports on each. */
export async function sign(context: CommandContext<SignFlags>, patterns: string[]): Promise<ExitCode> {
  const { io, flags, settings, output } = context;
  await prepareReport(flags, io);
  const signOptions = await settings.signOptions();
  const pattern = settings.referencePattern();
  const { contentCheck, verify } = await createVerification(settings, io.signal);
  const lock = await openReferenceLock(settings, io);
  const service = await openService(context, { contentCheck });
  const journal = journalPath(context, service);
  const progress = await showProgress(context);
  const clientId = service?.clientId ?? settings.text('clientId');
  try {
    const report = await signFiles(inFolder(patterns, io.cwd), {
      ...given({
        suffix: flags.suffix,
        inPlace: flags.inPlace,
        overwrite: flags.overwrite,
        failFast: flags.failFast,
        dryRun: flags.dryRun,
        batchSize: flags.batchSize,
        concurrency: flags.concurrency,
        directory: flags.out === undefined ? undefined : resolve(io.cwd, flags.out),
        client: service?.client,
        referenceLock: lock?.lock,
        verify,
        journal,
        ...referenceOptions(pattern, clientId),
      }),
      clientId,
      skipSigned: !flags.includeSigned,
      sign: signOptions,
      root: io.cwd,
      signal: io.signal,
      describe: settings.describe,
      onFound: (found) => assertFound(context, patterns, found),
      onResult: (result) => {
        output.object({ type: 'file', ...result });
        progress.result(result);
      },
      onProgress: progress.update,
    });
    progress.stop();
    printReport(context, report, journal);
    const isWritten = await writeReport(report, flags, context);
    const exitCode = exitCodeOfReport(report, io.signal);
    return exitCode === exitCodes.ok && !isWritten ? exitCodes.failed : exitCode;
  } finally {
    progress.stop();
    await service?.close();
    await lock?.close();
  }
}

/** With `{atcud}`, the signed version of an invoice is accepted also if the invoice was rendered again since. */
function referenceOptions(pattern: ReferencePattern | undefined, clientId: string) {
  if (!pattern) return {};
  const invoices: InvoicesOfRun = new Map();
  return {
    reference: (file: FoundFile & { readonly sha256: string }) => pattern.resolve({ ...file, clientId }, invoices),
    recoveredContent: pattern.has('atcud') ? ('any' as const) : undefined,
  };
}

/** A dry run works without an account. */
async function openService(
  context: CommandContext<SignFlags>,
  options: Partial<SignStashOptions>,
): Promise<OpenClient | undefined> {
  if (!context.flags.dryRun || context.flags.sandbox) return openClient(context, options);
  await context.settings.connection(['environment', 'clientId', 'clientSecret']);
  return undefined;
}

/** Through a proxy that cannot be queried, the journal is the only record of what was sent, so it is always kept. */
function journalPath({ flags, io }: CommandContext<SignFlags>, service: OpenClient | undefined): string | undefined {
  if (flags.journal !== undefined) return resolve(io.cwd, flags.journal);
  if (!service || flags.dryRun || (!flags.resume && service.canQuery)) return undefined;
  const purpose = JSON.stringify([service.tokenUrl, service.clientId, io.cwd, flags.out, flags.suffix, flags.inPlace]);
  const hash = createHash('sha256').update(purpose).digest('hex').slice(0, 16);
  const folder = join(io.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'signstash');
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw settingsError('journal', '--journal', `${(error as Error).message}: give a path that can be written.`);
  }
  return join(folder, `${hash}.jsonl`);
}

function assertFound(
  { flags, output }: CommandContext<SignFlags>,
  patterns: readonly string[],
  { files, missing }: { files: readonly unknown[]; missing: readonly string[] },
): void {
  const quoted = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(', ');
  if (missing.length > 0) throw new UsageError(`No such file: ${quoted(missing)}.`);
  if (files.length > 0) return;
  const message = `No file matches ${quoted(patterns)}.`;
  if (!flags.allowEmpty) throw new UsageError(`${message} If this is expected, use --allow-empty.`);
  output.warn(message);
}

function printReport({ flags, output, io }: CommandContext<SignFlags>, report: Report, journal?: string): void {
  const { files: _, ...summary } = report.toJSON();
  output.object({ type: 'summary', ...summary });
  if (output.isTerminal && report.files.length > 0)
    output.table(['File', 'Result', 'Signed file'], report.files.map(row));
  else if (!flags.quiet)
    for (const file of report.files.filter(({ status }) => status === 'not-sent')) output.line(line(file));
  output.line(`${report.summaryLine()}, in ${(report.durationMs / 1000).toFixed(1)} s.`);
  if (report.stoppedBy)
    output.problem(`${report.stoppedBy.detail} ${report.stoppedBy.hint} (${report.stoppedBy.code})`);
  if (!io.signal.aborted) return;
  const next = journal ? 'The journal is kept: continue with --resume.' : 'Run the command again to retrieve them.';
  output.problem(`Cancelled. Requests in progress may still be signed. ${next}`);
}

const row = ({ file, status, output = '', problem, reason, recovered }: FileResult): string[] => [
  file,
  problem
    ? `${status}: ${problem.detail} ${problem.hint}`
    : reason
      ? `${status}: ${reason}`
      : recovered
        ? 'recovered'
        : status,
  output,
];
