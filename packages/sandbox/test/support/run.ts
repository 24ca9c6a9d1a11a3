import { execFile } from 'node:child_process';

export interface RunResult {
  exitCode: number;
  stdout: Buffer;
  /** stdout and stderr, for programs that say what matters on either. */
  text: string;
}

/** Runs a program to its end. A failing exit code is an answer, a missing program is an error. */
export function run(program: string, args: readonly string[], input?: Uint8Array): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const options = {
      encoding: 'buffer',
      maxBuffer: 256 * 1024 * 1024,
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    } as const;
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ exitCode: Number(error?.code ?? 0), stdout, text: `${stdout}${stderr}` });
    });
    // A program that has read enough closes its input.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
