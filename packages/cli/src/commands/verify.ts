import { resolve } from 'node:path';
import type { SignatureReport, TrustStore, VerificationReport } from '@signstash-connect/verify';
import type { Command } from 'commander';
import { exitCodes, UsageError } from '../exit-codes.ts';
import { inFolder } from '../files.ts';
import type { CliIo } from '../io.ts';
import { oneLine } from '../output.ts';
import { action, type CommandContext } from '../run.ts';
import { addFlags, ownDescriptions, settingsError } from '../settings.ts';

interface VerifyFlags {
  original?: string;
}

export function addVerifyCommand(program: Command, io: CliIo): void {
  const command = program
    .command('verify')
    .description('Verify the signatures of files, offline')
    .argument('<files...>', 'paths and glob patterns; ! excludes')
    .option('--original <file>', 'the document before it was signed; needed for a detached signature')
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
  $ signstash verify invoice.p7s --original invoice.xml`,
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
  const trust = await loadTrust(context);
  const original = flags.original === undefined ? {} : { original: resolve(io.cwd, flags.original) };
  const rows: string[][] = [];
  let failed = 0;
  for (const path of paths) {
    const file = displayName(path, io.cwd);
    const report = await verifyDocument(path, { trust, signal: io.signal, ...original });
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
