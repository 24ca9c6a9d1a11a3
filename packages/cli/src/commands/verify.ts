import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { SignatureReport, TrustStore, VerificationReport } from '@signstash-connect/verify';
import type { Command } from 'commander';
import { exitCodes, UsageError } from '../exit-codes.ts';
import { given, inFolder } from '../files.ts';
import type { CliIo } from '../io.ts';
import { oneLine } from '../output.ts';
import { action, type CommandContext } from '../run.ts';
import { addFlags, ownDescriptions, settingsError } from '../settings.ts';

interface VerifyFlags {
  original?: string;
  passwordFile?: string;
}

export function addVerifyCommand(program: Command, io: CliIo): void {
  // Known only to be refused: the error for an unknown option would show what is behind an equals sign.
  const refusedPassword = program
    .createOption('--password <value>')
    .hideHelp()
    .argParser(() => {
      throw new UsageError(
        '--password is not an option, since other users of this machine can see arguments: use --password-file.',
      );
    });
  const command = program
    .command('verify')
    .description('Verify the signatures of files, offline')
    .argument('<files...>', 'paths and glob patterns; ! excludes')
    .option('--original <file>', 'the document before it was signed; needed for a detached signature')
    .option('--password-file <file>', 'file with the password of encrypted PDFs; - reads standard input')
    .addOption(refusedPassword)
    .option('--sandbox', "trust the local sandbox's certificate authority");
  addFlags(command, 'Trust', { trust: ownDescriptions.trust })
    .addHelpText(
      'after',
      `
Exits with 0 if every file is valid. Without --trust, "valid-but-untrusted" counts as valid: the signatures are
intact and cover the files, but it was not checked who signed.

Examples:
  $ signstash verify invoice-signed.pdf
  $ signstash verify 'signed/*.pdf' --trust /etc/signstash/roots --json
  $ signstash verify invoice.p7s --original invoice.xml
  $ signstash verify encrypted.pdf --password-file /run/secrets/pdf-password`,
    )
    .action(action<VerifyFlags>(io, verify));
}

async function verify(context: CommandContext<VerifyFlags>, patterns: string[]) {
  const { io, output, flags } = context;
  const [{ displayName, findFiles }, { verifyDocument }] = await Promise.all([
    import('@signstash-connect/core/adapter/node'),
    import('@signstash-connect/verify'),
  ]);
  const paths = await findFiles(inFolder(patterns, io.cwd), { suffix: '' });
  if (paths.length === 0) throw new UsageError(`No file matches ${patterns.join(', ')}.`);
  const original = flags.original === undefined ? undefined : resolve(io.cwd, flags.original);
  for (const path of original === undefined ? paths : [...paths, original])
    await requireFile(path, displayName(path, io.cwd));
  const options = given({ original, password: await readPassword(flags.passwordFile, io.cwd) });
  const trust = await loadTrust(context);
  const rows: string[][] = [];
  let failed = 0;
  for (const path of paths) {
    const file = displayName(path, io.cwd);
    const report = await verifyDocument(path, { trust, signal: io.signal, ...options });
    const accepted =
      report.verdict === 'valid' || (report.verdict === 'valid-but-untrusted' && trust.anchors.length === 0);
    if (!accepted) failed++;
    output.object({ type: 'verification', file, accepted, ...report });
    rows.push(describe(file, report));
    if (!output.isTerminal) (accepted ? output.line : output.problem).call(output, plainLine(file, report));
  }
  if (output.isTerminal) output.table(['File', 'Verdict', 'Signer', 'Time', 'Reason'], rows);
  output.line(`${paths.length - failed} of ${paths.length} valid.`);
  return failed === 0 ? exitCodes.ok : exitCodes.failed;
}

/** A mistyped path is an error of the call, found before anything is verified. */
async function requireFile(path: string, name: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (!(found instanceof Error)) {
    if (found.isFile()) return;
    throw new UsageError(
      found.isDirectory()
        ? `"${name}" is a folder: for its files, use a pattern such as "${name}/**/*.pdf".`
        : `"${name}" is not a regular file.`,
    );
  }
  throw new UsageError(
    found.code === 'ENOENT' ? `No such file: "${name}".` : `"${name}" cannot be read (${found.code}).`,
  );
}

/** The end of the last line is not part of the password; spaces may be. */
async function readPassword(path: string | undefined, cwd: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const bytes = path === '-' ? Buffer.concat(await process.stdin.toArray()) : await readFile(resolve(cwd, path));
    return bytes.toString('utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new UsageError(`--password-file "${path}" cannot be read: ${(error as Error).message}.`);
  }
}

async function loadTrust({ settings, flags }: CommandContext<VerifyFlags>): Promise<TrustStore> {
  const { TrustStore } = await import('@signstash-connect/verify');
  const trust = settings.trust();
  try {
    const stores = [await TrustStore.fromPaths(trust)];
    if (flags.sandbox) {
      const { startSandbox } = await import('@signstash-connect/sandbox');
      const sandbox = await startSandbox();
      stores.push(TrustStore.fromCertificates(sandbox.caCertificatePem, 'sandbox'));
      await sandbox.close();
    }
    return TrustStore.merge(...stores);
  } catch (error) {
    throw settingsError('trust', settings.nameOf('trust') as string, `${(error as Error).message}.`);
  }
}

const lastSignature = ({ signatures }: VerificationReport): SignatureReport | undefined =>
  signatures.findLast(({ kind }) => kind !== 'document-timestamp');

const reasons = (report: VerificationReport) =>
  [...new Set(report.reasons.filter(({ severity }) => severity !== 'note').map(({ message }) => message))].join(' ');

function describe(file: string, report: VerificationReport): string[] {
  const signature = lastSignature(report);
  const time = signature?.timestamp?.time ?? signature?.claimedSigningTime;
  const signer = signature?.signer?.commonName ?? signature?.signer?.subject ?? '';
  return [file, report.verdict, signer, time?.toISOString() ?? '', reasons(report)];
}

function plainLine(file: string, report: VerificationReport): string {
  const [, verdict, signer, time] = describe(file, report);
  const why = reasons(report);
  return oneLine(`${verdict} ${file}${signer ? `: ${signer}, ${time}` : ''}${why ? `: ${why}` : ''}`);
}
