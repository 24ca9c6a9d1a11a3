import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Job, Report } from './job.ts';

const source = fileURLToPath(new URL('../native/client.c', import.meta.url));

/** Compiles the C client that does the same work. @returns Its path, or why it could not be compiled. */
export function compileNative(folder: string): { path: string } | { missing: string } {
  const path = join(folder, 'native-client');
  const { status, error, stderr } = spawnSync('cc', ['-O2', '-o', path, source, '-lcurl', '-lpthread'], {
    encoding: 'utf8',
  });
  if (status === 0) return { path };
  const reason = error ? error.message : stderr.split('\n')[0];
  return { missing: `The native client cannot be compiled (${reason}): install a C compiler and libcurl's headers.` };
}

/** Runs the native client on the job's documents. */
export async function runNative(program: string, format: 'json' | 'multipart', job: Job): Promise<Report> {
  const list = `${program}.documents`;
  writeFileSync(list, `${job.documents.join('\n')}\n`);
  const numbers = [job.batchSize, job.concurrency].map(String);
  const { stdout } = await promisify(execFile)(program, [format, job.url, job.output, ...numbers, list]);
  return JSON.parse(stdout) as Report;
}
