import type { Runner } from '../runner.ts';
import type { FileReport } from './file-report.ts';

/** Puts an error with its reason and what to do next on a file that failed. */
export function annotate(runner: Runner, { file, status, problem }: FileReport): void {
  if (status !== 'failed' || !problem) return;
  runner.error(`${problem.message} ${problem.hint}`, { title: `Not sealed: ${problem.code}`, file });
}
