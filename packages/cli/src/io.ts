import type { SignStashOptions } from '@signstash-connect/core';
import type { ExitCode } from './exit-codes.ts';

/** A stream that text is printed to. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Everything that the program touches of its process, so that it runs the same inside a test. */
export interface CliIo {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; paths of arguments and settings are relative to it. */
  readonly cwd: string;
  /** Fires when the user cancels. */
  readonly signal: AbortSignal;
  /** Options of every client, such as shorter waits in tests. */
  readonly clientOptions?: Partial<SignStashOptions>;
  /** What the process will exit with. */
  exitCode: ExitCode;
}

/** The running process. The first SIGINT or SIGTERM cancels the command, which then ends by itself; the second ends the process. */
export function processIo(): CliIo {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  // The reader has closed the pipe, as in `signstash verify … | head -1`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    signal: controller.signal,
    exitCode: 0,
  };
}
