/**
 * The command line as a function, for programs that embed it. Start at {@link runCommandLine}.
 *
 * @module @signstash-connect/cli
 */
export { type ExitCode, exitCodes } from './exit-codes.ts';
export type { CliIo, TextStream } from './io.ts';
export { runCommandLine } from './program.ts';
