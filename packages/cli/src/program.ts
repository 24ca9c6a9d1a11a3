import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { exitCodes, UsageError } from './exit-codes.ts';
import type { CliIo } from './io.ts';

type AddCommand = (program: Command, io: CliIo) => void;

/** Loaded only when needed, so that `--version` and a mistyped command are answered at once. */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  sign: async () => (await import('./commands/sign.ts')).addSignCommand,
  watch: async () => (await import('./commands/watch.ts')).addWatchCommand,
  verify: async () => (await import('./commands/verify.ts')).addVerifyCommand,
  get: async () => (await import('./commands/get.ts')).addGetCommand,
  status: async () => (await import('./commands/status.ts')).addStatusCommand,
  download: async () => (await import('./commands/download.ts')).addDownloadCommand,
  resend: async () => (await import('./commands/resend.ts')).addResendCommand,
  quota: async () => (await import('./commands/quota.ts')).addQuotaCommand,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctorCommand,
  sandbox: async () => (await import('./commands/sandbox.ts')).addSandboxCommand,
  completion: async () => (await import('./commands/completion.ts')).addCompletionCommand,
};

/** Runs one command line; the exit code is in `io.exitCode`. Never throws for what a user did. */
export async function runCommandLine(args: readonly string[], io: CliIo): Promise<void> {
  const program = await createProgram(io, args);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof UsageError) io.stderr.write(`error: ${error.message}\n`);
    else if (!(error instanceof CommanderError)) throw error;
    io.exitCode = error instanceof CommanderError && error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
}

/** @param args - If they name a command, only this one is loaded. Default: all. */
export async function createProgram(io: CliIo, args: readonly string[] = []): Promise<Command> {
  const program = new Command('signstash')
    .description("Signs PDF and XML documents with Sign'Stash qualified electronic seals.")
    .option('--config <file>', 'configuration file (default: signstash.config.json, .ts, … or package.json)')
    .option('--json', 'print one JSON object per line')
    .option('--quiet', 'print only problems')
    .option('--no-color', 'print without colours, as with NO_COLOR')
    .option('-V, --version', 'print the version')
    .on('option:version', () => {
      throw new CommanderError(0, 'commander.version', '');
    })
    .configureHelp({ showGlobalOptions: true, helpWidth: io.stdout.columns ?? 100 })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('Run with --help for usage.')
    .exitOverride();
  const named = args.find((arg) => !arg.startsWith('-'));
  const known = named !== undefined && Object.hasOwn(commands, named) ? commands[named] : undefined;
  const needed = known ? [known] : Object.values(commands);
  for (const load of needed) (await load())(program, io);
  return program;
}

/** Parser of an option that is a whole number. */
export function wholeNumber(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}
