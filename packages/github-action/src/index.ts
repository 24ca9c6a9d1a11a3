import * as github from '@actions/core';
import { isSignStashError } from '@signstash-connect/core';
import { runAction } from './action.ts';
import { contextFrom } from './context.ts';
import { readInputs } from './inputs/inputs.ts';
import { maskSecret } from './masks.ts';
import { configureProxyFromEnv } from './proxy.ts';
import { totals } from './report/file-report.ts';
import { hintFor } from './report/hints.ts';
import { summaryMarkdown } from './report/summary.ts';
import { outputsOf, writeReports } from './report/write-report.ts';
import { runner } from './runner.ts';
import type { SignRun } from './signing/sign-documents.ts';

async function main(): Promise<void> {
  const { env } = process;
  // Before anything else can print.
  maskSecret(runner, env['INPUT_CLIENT-ID'], env['INPUT_CLIENT-SECRET']);
  const context = contextFrom(env);
  configureProxyFromEnv(runner, env);
  const inputs = readInputs(env);
  const started = performance.now();
  const run = await runAction(inputs, runner, context);
  const durationMs = performance.now() - started;
  const paths = writeReports(run.reports, context.temporary, durationMs);
  for (const [name, value] of Object.entries(outputsOf(run.reports, paths))) github.setOutput(name, value);
  if (inputs.summary) await writeSummary(summaryMarkdown(run.reports, durationMs));
  setResult(run, context.signal);
}

/** A summary that cannot be written does not fail the step: the files are signed. */
async function writeSummary(markdown: string): Promise<void> {
  try {
    await github.summary.addRaw(markdown).write();
  } catch (error) {
    github.warning(`The summary could not be written: ${(error as Error).message}`);
  }
}

function setResult({ reports, stoppedBy }: SignRun, signal: AbortSignal): void {
  const { signed, recovered, failed, skipped, checked, cancelled, 'not-sent': notSent } = totals(reports);
  const done = checked > 0 ? `${checked} checked` : `${signed - recovered} signed, ${recovered} recovered`;
  runner.info(`${done}, ${failed} failed, ${skipped} skipped.`);
  const open = failed + cancelled + notSent;
  if (signal.aborted) {
    github.setFailed(
      `Cancelled: ${signed} of ${reports.length} files were signed. Requests in progress may still be signed; the next run retrieves them.`,
    );
  } else if (stoppedBy) {
    github.setFailed(`${stoppedBy.message} ${hintFor(stoppedBy)} ${open} of ${reports.length} files were not signed.`);
  } else if (open > 0) github.setFailed(`${open} of ${reports.length} files were not signed.`);
}

main().catch((error: unknown) => {
  const problem = error instanceof Error ? error : new Error(String(error));
  const hint = isSignStashError(problem) ? ` ${hintFor(problem)}` : '';
  github.setFailed(`${problem.message}${hint}`);
  github.debug(String(problem.stack));
});
