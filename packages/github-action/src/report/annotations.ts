import type { Runner } from '../runner.ts';
import type { FileReport } from './file-report.ts';

/** Annotates a failed file with the reason and the fix. */
export function annotate(runner: Runner, { file, status, problem }: FileReport): void {
  if (status !== 'failed' || !problem) return;
  runner.error(`${problem.message} ${problem.hint}`, { title: `Not signed: ${problem.code}`, file });
}
