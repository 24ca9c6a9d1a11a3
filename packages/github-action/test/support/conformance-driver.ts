import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder, writeFiles } from '@signstash-connect/testing';
import type { AdapterDriver, DriverTraits, TestOutcome } from '@signstash-connect/testing/conformance';
import { runAction } from '../harness/run-action.ts';
import { inputsFor } from './sandboxed.ts';
import { errorsOf, reportOf } from './workspace.ts';

export const traits: DriverTraits = { partial: true, fromDisk: true, slow: true, timeoutMs: 240_000 };

/** Runs the built action as a step of a job, in a new workspace and runner each time. */
export function createDriver(): AdapterDriver {
  const output: string[] = [];
  return {
    async sign(files, { sandbox, clientSecret, batchSize, signal }): Promise<TestOutcome[]> {
      const workspace = temporaryFolder();
      writeFiles(workspace, files);
      const inputs = inputsFor(sandbox, {
        ...(clientSecret === undefined ? {} : { 'client-secret': clientSecret }),
        ...(batchSize ? { 'batch-size': String(batchSize) } : {}),
      });
      const run = await runAction(workspace, {
        inputs,
        shortWaits: true,
        during: (child) => signal?.addEventListener('abort', () => child.kill('SIGTERM'), { once: true }),
      });
      output.push(run.log, run.summary, JSON.stringify(run.outputs));
      if (!run.outputs['report-path'])
        return files.map(({ name }) => ({ name, ok: false, hint: errorsOf(run)[0]?.data ?? '' }));
      output.push(readFileSync(run.outputs['report-path'], 'utf8'));
      return reportOf(run).files.map(({ file: name, output: path, problem }) => ({
        name,
        ok: path !== undefined,
        ...(path === undefined ? {} : { content: readFileSync(join(workspace, path)) }),
        ...(problem ? { code: problem.code, hint: problem.hint } : {}),
      }));
    },
    output: () => output,
  };
}
