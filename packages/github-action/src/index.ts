import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as runner from '@actions/core';
import { isSignStashError } from '@signstash-connect/core';
import { InputError } from './input-error.ts';
import { parseInputs } from './inputs.ts';
import { knownInputs } from './known-inputs.ts';
import type { Log } from './log.ts';
import { secretForms } from './masks.ts';
import { proxyFetch } from './proxy-fetch.ts';
import { rawInputs, refuseUnknown } from './read-inputs.ts';
import { type ReportLine, summaryMarkdown, totals } from './report.ts';
import { run } from './run.ts';

const log: Log = {
  mask: (secret) => runner.setSecret(secret),
  info: (message) => runner.info(message),
  warning: (message, about) => runner.warning(message, about),
  error: (message, about) => runner.error(message, about),
  group: (name, work) => runner.group(name, work),
};

/** The runner sends SIGINT when a workflow is cancelled, and SIGTERM 7.5 seconds later. */
function cancellation(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}

async function main(): Promise<void> {
  const { env } = process;
  const raw = rawInputs(env);
  // Before anything else can print.
  for (const form of secretForms(raw('client-id'), raw('client-secret'))) runner.setSecret(form);
  const signal = cancellation();
  refuseUnknown(env, knownInputs);
  const inputs = parseInputs(raw);
  const workspace = resolve(env.GITHUB_WORKSPACE ?? '.');
  const temporary = resolve(env.RUNNER_TEMP ?? workspace);
  const report = await run(inputs, log, {
    workspace,
    temporary,
    repository: env.GITHUB_REPOSITORY ?? '',
    run: env.GITHUB_RUN_ID ?? '',
    fetch: proxyFetch(env),
    signal,
  });
  await tell(report, inputs.summary, temporary);
  const { sealed, failed, skipped } = totals(report);
  runner.info(`${sealed} sealed, ${failed} failed, ${skipped} skipped.`);
  if (failed > 0) runner.setFailed(`${failed} of ${report.length} files were not sealed.`);
  else if (signal.aborted) runner.setFailed('Cancelled before every file was sealed.');
}

async function tell(report: readonly ReportLine[], summary: boolean, temporary: string): Promise<void> {
  const reportPath = join(temporary, 'signstash-report.json');
  await writeFile(reportPath, `${JSON.stringify(report, null, 2)}\n`);
  const { sealed, failed, skipped } = totals(report);
  const operations = report.flatMap(({ operationId }) => (operationId === undefined ? [] : [operationId]));
  runner.setOutput(
    'signed-files',
    JSON.stringify(report.flatMap(({ output }) => (output === undefined ? [] : [output]))),
  );
  runner.setOutput('signed-count', sealed);
  runner.setOutput('failed-count', failed);
  runner.setOutput('skipped-count', skipped);
  runner.setOutput('operation-ids', JSON.stringify([...new Set(operations)]));
  runner.setOutput('report-path', reportPath);
  if (!summary || !existsSync(process.env.GITHUB_STEP_SUMMARY ?? '')) return;
  try {
    await runner.summary.addRaw(summaryMarkdown(report)).write();
  } catch (error) {
    // The documents are sealed: a table that cannot be written must not fail the step.
    runner.warning(`The summary could not be written: ${(error as Error).message}`);
  }
}

main()
  .catch((error: unknown) => {
    const known = error instanceof InputError || isSignStashError(error);
    const hint = isSignStashError(error) ? ` ${error.hint}` : '';
    runner.setFailed(`${(error as Error).message}${hint}`);
    if (!known) runner.debug(String((error as Error).stack));
  })
  .finally(() => {
    // Idle connections would keep the step waiting.
    setImmediate(() => process.exit());
  });
