import * as github from '@actions/core';
import { describeError, type Report, SettingsError } from '@signstash-connect/core/adapter';
import { readContext } from './context.ts';
import { readInputs } from './inputs.ts';
import { maskSecret } from './masks.ts';
import { writeOutputs } from './outputs.ts';
import { configureProxyFromEnv } from './proxy.ts';
import { runner } from './runner.ts';
import { describe, signDocuments } from './sign.ts';

async function main(): Promise<void> {
  const { env } = process;
  // First, before anything is printed.
  maskSecret(runner, env['INPUT_CLIENT-ID'], env['INPUT_CLIENT-SECRET']);
  const context = readContext(env);
  configureProxyFromEnv(runner, env);
  const inputs = readInputs(env);
  const report = await signDocuments(inputs, runner, context);
  for (const [name, value] of Object.entries(writeOutputs(report, context.temporary))) github.setOutput(name, value);
  if (inputs.summary) await writeSummary(report.toMarkdown());
  setResult(report, context.signal);
}

/** A summary that cannot be written does not fail the step: the files are signed. */
async function writeSummary(markdown: string): Promise<void> {
  try {
    await github.summary.addRaw(markdown).write();
  } catch (error) {
    github.warning(`The summary could not be written: ${(error as Error).message}`);
  }
}

function setResult(report: Report, signal: AbortSignal): void {
  const { signed, failed, cancelled, 'not-sent': notSent } = report.totals;
  runner.info(`${report.summaryLine()}.`);
  const [open, all] = [failed + cancelled + notSent, report.files.length];
  if (signal.aborted) {
    github.setFailed(
      `Cancelled: ${signed} of ${all} files were signed. Requests in progress may still be signed; the next run retrieves them.`,
    );
  } else if (report.stoppedBy) {
    const { detail, hint } = report.stoppedBy;
    github.setFailed(`${detail} ${hint} ${open} of ${all} files were not signed.`);
  } else if (open > 0) github.setFailed(`${open} of ${all} files were not signed.`);
}

main().catch((error: unknown) => {
  const { code, detail, hint } = describeError(error, describe);
  const own = error instanceof SettingsError || code === 'UNEXPECTED';
  github.setFailed(own ? (error as Error).message : `${detail} ${hint}`);
  github.debug(String((error as Error).stack));
});
