import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileResult } from '@signstash-connect/core/adapter';
import { temporaryFolder, writeFiles } from '@signstash-connect/testing';
import type { AdapterDriver, DriverTraits, TestOutcome } from '@signstash-connect/testing/conformance';
import { envFor, objectsOf, runCli } from './run-cli.ts';

export const traits: DriverTraits = { partial: true, fromDisk: true };

/** Runs `signstash sign` on a folder of files, a new one each time. */
export function createDriver(): AdapterDriver {
  const output: string[] = [];
  return {
    async sign(files, { sandbox, clientSecret, batchSize, signal }): Promise<TestOutcome[]> {
      const cwd = temporaryFolder();
      writeFiles(cwd, files);
      const env = {
        ...envFor(sandbox),
        ...(clientSecret === undefined ? {} : { SIGNSTASH_CLIENT_SECRET: clientSecret }),
      };
      const args = ['sign', '**/*.pdf', '--json', '--report', 'report.json'];
      if (batchSize) args.push('--batch-size', String(batchSize));
      const run = await runCli(args, { cwd, env, ...(signal ? { signal } : {}) });
      output.push(run.stdout, run.stderr, readFileSync(join(cwd, 'report.json'), 'utf8'));
      const results = objectsOf(run) as unknown as ({ type: string } & FileResult)[];
      return results
        .filter(({ type }) => type === 'file')
        .map(({ file: name, output: path, problem }) => ({
          name,
          ok: path !== undefined,
          ...(path === undefined ? {} : { content: readFileSync(join(cwd, path)) }),
          ...(problem ? { code: problem.code, hint: problem.hint, title: problem.title } : {}),
        }));
    },
    output: () => output,
  };
}
