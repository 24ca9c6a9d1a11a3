import type { SignStashOptions } from '@signstash-connect/core';
import type { Sandbox } from '@signstash-connect/sandbox';
import { temporaryFolder } from '@signstash-connect/testing';
import type { CliIo } from '../../src/io.ts';
import { runCommandLine } from '../../src/program.ts';

export interface CliRun {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Both streams are terminals. */
  terminal?: boolean;
  signal?: AbortSignal;
}

/** As in a test of core: the default waits between attempts would make every fault test take seconds. */
const retry = { delayMs: 5, maxDelayMs: 50, lookupGraceMs: 30, pendingMs: 2_000 } satisfies SignStashOptions['retry'];

/** Runs a command line inside this process. */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<CliRun> {
  const [stdout, stderr] = [new MemoryStream(options.terminal), new MemoryStream(options.terminal)];
  const io: CliIo = {
    stdout,
    stderr,
    env: options.env ?? {},
    cwd: options.cwd ?? temporaryFolder(),
    signal: options.signal ?? new AbortController().signal,
    clientOptions: { retry },
    exitCode: 0,
  };
  await runCommandLine(args, io);
  return { exitCode: io.exitCode, stdout: stdout.text, stderr: stderr.text };
}

/** Has what a progress bar calls on a terminal. */
class MemoryStream {
  readonly isTTY: boolean;
  readonly columns = 160;
  text = '';

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

/** The variables that reach a sandbox. */
export const envFor = ({ tokenUrl, apiUrl, clientId, clientSecret }: Sandbox): Record<string, string> => ({
  SIGNSTASH_TOKEN_URL: tokenUrl,
  SIGNSTASH_API_URL: apiUrl,
  SIGNSTASH_CLIENT_ID: clientId,
  SIGNSTASH_CLIENT_SECRET: clientSecret,
});

/** The objects of `--json`. */
export const objectsOf = ({ stdout }: CliRun): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
