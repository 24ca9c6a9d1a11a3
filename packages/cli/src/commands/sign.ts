import type { Command } from 'commander';
import type { CliIo } from '../io.ts';
import { action } from '../run.ts';
import { addSigningFlags, wholeNumber } from '../settings.ts';
import type { SignFlags } from '../sign.ts';

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
  addSigningFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  $ signstash sign invoice.pdf --sandbox
  $ signstash sign 'invoices/**/*.pdf' '!invoices/drafts/**' --out signed --report report.csv
  $ signstash sign 'invoices/*.pdf' --visible-position page=1,x=70,y=100 --visible-text service
  $ signstash sign 'invoices/*.pdf' --reference-pattern '{client}-{atcud}'
  $ signstash sign 'invoices/*.pdf' --in-place --resume --verify signature --json`,
    )
    .action(action<SignFlags>(io, async (context, patterns) => (await import('../sign.ts')).sign(context, patterns)));
}
