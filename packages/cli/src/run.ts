import { describeError, SettingsError } from '@signstash-connect/core/adapter';
import type { Command } from 'commander';
import { type ExitCode, exitCodeOf, exitCodes, UsageError } from './exit-codes.ts';
import type { CliIo } from './io.ts';
import { Output, type OutputFlags } from './output.ts';
import { loadSettings, type Settings } from './settings.ts';

/** What every command works with. `flags` has the options of the command and the global ones. */
export interface CommandContext<Flags = object> {
  readonly io: CliIo;
  readonly flags: Flags & OutputFlags & { config?: string; sandbox?: boolean };
  readonly settings: Settings;
  readonly output: Output;
}

/**
 * Makes an action of commander out of a command: reads its settings, prints what it throws, and sets the exit code.
 *
 * @param run - Gets the positional arguments; returns the exit code.
 */
export function action<Flags extends object>(
  io: CliIo,
  run: (context: CommandContext<Flags>, args: string[]) => Promise<ExitCode>,
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    const flags = command.optsWithGlobals() as CommandContext<Flags>['flags'];
    const output = new Output(io, flags);
    let settings: Settings | undefined;
    try {
      settings = await loadSettings(flags as Record<string, unknown>, io);
      io.exitCode = await run({ io, flags, settings, output }, command.args);
    } catch (error) {
      io.exitCode = reportError(error, output, settings);
    }
  };
}

function reportError(error: unknown, output: Output, settings: Settings | undefined): ExitCode {
  if (error instanceof UsageError) {
    output.object({ type: 'error', code: 'USAGE', detail: error.message });
    output.problem(error.message);
    return exitCodes.usage;
  }
  const { code, title, detail, hint, operationId } = describeError(error, settings?.describe);
  output.object({ type: 'error', code, title, detail, hint, operationId });
  output.problem(error instanceof SettingsError ? error.message : `${detail} ${hint} (${code})`);
  return exitCodeOf(code);
}
