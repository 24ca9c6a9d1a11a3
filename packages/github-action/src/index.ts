import * as github from '@actions/core';
import { isSignStashError } from '@signstash-connect/core';
import { runAction } from './action.ts';
import { cancellation } from './cancellation.ts';
import { contextFrom } from './context.ts';
import { readInputs } from './inputs/inputs.ts';
import { rawInputs, refuseUnknownInputs } from './inputs/raw-inputs.ts';
import { settingError } from './inputs/setting-error.ts';
import { maskSecret } from './masks.ts';
import { configureProxyFromEnv } from './proxy.ts';
import { totals } from './report/file-report.ts';
import { hintFor } from './report/hints.ts';
import { summaryMarkdown } from './report/summary.ts';
import { outputsOf, writeReport } from './report/write-report.ts';
import type { Runner } from './runner.ts';
import type { Sealing } from './seal/seal-documents.ts';

const runner: Runner = {
  mask: (secret) => github.setSecret(secret),
  info: (message) => github.info(message),
  warning: (message, place) => github.warning(message, place),
  error: (message, place) => github.error(message, place),
  group: (title, work) => github.group(title, work),
};

async function main(): Promise<void> {
  const { env } = process;
  const raw = rawInputs(env);
  // Before anything else can print.
  maskSecret(runner, raw('client-id'), raw('client-secret'));
  const context = contextFrom(env, cancellation());
  configureProxyFromEnv(runner, env);
  refuseUnknownInputs(env);
  const inputs = readInputs(raw);
  const started = performance.now();
  const sealing = await runAction(inputs, runner, context);
  const durationMs = performance.now() - started;
  const reportPath = writeReport(sealing.reports, context.temporary, durationMs);
  for (const [name, value] of Object.entries(outputsOf(sealing.reports, reportPath))) github.setOutput(name, value);
  if (inputs.summary) await writeSummary(summaryMarkdown(sealing.reports, durationMs));
  conclude(sealing, context.signal);
}

/** A summary that cannot be written is no reason to fail what was sealed. */
async function writeSummary(markdown: string): Promise<void> {
  try {
    await github.summary.addRaw(markdown).write();
  } catch (error) {
    github.warning(`The summary could not be written: ${(error as Error).message}`);
  }
}

function conclude({ reports, stoppedBy }: Sealing, signal: AbortSignal): void {
  const { sealed, failed, skipped, checked, cancelled, 'not-sent': notSent } = totals(reports);
  github.info(`${checked > 0 ? `${checked} checked` : `${sealed} sealed`}, ${failed} failed, ${skipped} skipped.`);
  const open = failed + cancelled + notSent;
  if (signal.aborted) {
    github.setFailed(
      `Cancelled: ${sealed} of ${reports.length} files were sealed. Those under way may still be sealed; the next run finds them.`,
    );
  } else if (stoppedBy) {
    github.setFailed(`${stoppedBy.message} ${hintFor(stoppedBy)} ${open} of ${reports.length} files were not sealed.`);
  } else if (open > 0) github.setFailed(`${open} of ${reports.length} files were not sealed.`);
}

main().catch((error: unknown) => {
  const problem = settingError(error);
  const hint = isSignStashError(problem) ? ` ${hintFor(problem)}` : '';
  github.setFailed(`${problem.message}${hint}`);
  github.debug(String(problem.stack));
});
