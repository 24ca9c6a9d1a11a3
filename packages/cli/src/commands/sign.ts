import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type FileResult, type Report, signOptionDescriptions } from '@signstash-connect/core/adapter';
import { signFiles } from '@signstash-connect/core/adapter/node';
import type { Command } from 'commander';
import { type OpenClient, openClient } from '../client.ts';
import { exitCodeOfReport } from '../exit-codes.ts';
import { given, inFolder } from '../files.ts';
import type { CliIo } from '../io.ts';
import { openReferenceLock } from '../lock.ts';
import { wholeNumber } from '../program.ts';
import { line, showProgress } from '../progress.ts';
import { checkReportPath, writeReport } from '../report-files.ts';
import { action, type CommandContext, UsageError } from '../run.ts';
import { addConnectionFlags, addFlags, ownDescriptions } from '../settings.ts';
import { createVerifier } from '../verifier.ts';

interface SignFlags {
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

export function addSignCommand(program: Command, io: CliIo): void {
  const command = program
    .command('sign')
    .description('Sign files')
    .argument('<patterns...>', 'paths and glob patterns; ! excludes')
    .option('--out <folder>', 'folder for signed files; keeps subfolders (default: next to each file)')
    .option('--suffix <text>', 'put before the extension (default: -signed, or nothing with --out)')
    .option('--in-place', 'replace each file by its signed version')
    .option('--overwrite', 'replace existing signed files')
    .option('--include-signed', 'sign PDFs that have a signature already, too')
    .option('--allow-empty', 'exit with 0 if no file matches')
    .option('--dry-run', 'check the files and sign nothing')
    .option('--resume', 'keep a journal, and continue where an interrupted run stopped')
    .option('--journal <file>', 'path of the journal; implies --resume')
    .option('--report <file>', 'write a report: .csv, .xlsx or .json')
    .option('--checksums <file>', 'write SHA-256 checksums of the signed files, for sha256sum --check')
    .option('--batch-size <count>', 'documents per request', wholeNumber(1, 99))
    .option('--concurrency <count>', 'requests at the same time', wholeNumber(1, 64))
    .option('--fail-fast', 'send nothing more after the first failure');
  const { verify, trust, lock } = ownDescriptions;
  addFlags(command, 'Verification and locking', { verify, trust, lock });
  addFlags(command, 'Signature', signOptionDescriptions);
  addConnectionFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  $ signstash sign invoice.pdf --sandbox
  $ signstash sign 'invoices/**/*.pdf' '!invoices/drafts/**' --out signed --report report.csv
  $ signstash sign 'invoices/*.pdf' --visible-position page=1,x=70,y=100 --visible-text service
  $ signstash sign 'invoices/*.pdf' --in-place --resume --verify signature --json`,
    )
    .action(action<SignFlags>(io, sign));
}

async function sign(context: CommandContext<SignFlags>, patterns: string[]) {
  const { io, flags, settings, output } = context;
  checkReportPath(flags.report);
  const signOptions = await settings.signOptions();
  const verify = await createVerifier(settings, io.signal);
  const lock = await openReferenceLock(settings, io);
  const service = await openService(context);
  const journal = journalPath(context, service);
  const progress = await showProgress(context);
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
      }),
      clientId: service?.clientId ?? settings.text('clientId'),
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
    await writeReport(report, flags, io);
    printReport(context, report, journal);
    return exitCodeOfReport(report, io.signal);
  } finally {
    progress.stop();
    await service?.close();
    await lock?.close();
  }
}

/** A dry run works without an account. */
async function openService(context: CommandContext<SignFlags>): Promise<OpenClient | undefined> {
  if (!context.flags.dryRun || context.flags.sandbox) return openClient(context);
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
  mkdirSync(folder, { recursive: true });
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
