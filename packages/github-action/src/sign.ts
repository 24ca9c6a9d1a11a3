import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createSignStash, type SignStash } from '@signstash-connect/core';
import {
  checkConnection,
  type DescribeErrorOptions,
  type FileResult,
  type Report,
} from '@signstash-connect/core/adapter';
import { type SignFilesOptions, signFiles } from '@signstash-connect/core/adapter/node';
import type { Context } from './context.ts';
import { fillTemplate } from './external-reference.ts';
import { type Inputs, inputName } from './inputs.ts';
import { MaskingTokenStore } from './masks.ts';
import { progressLines } from './progress-lines.ts';
import type { Runner } from './runner.ts';

/** How errors name settings, and what to do after a failure that may pass. */
export const describe: DescribeErrorOptions = {
  nameOf: (setting) => (setting === 'journal' ? 'RUNNER_TEMP' : inputName(setting)),
  retryAdvice: 'Run the job again: documents already signed are retrieved, not signed or charged again.',
};

/** Everything the action does between its inputs and its outputs. Throws only errors that concern all files. */
export async function signDocuments(inputs: Inputs, runner: Runner, context: Context): Promise<Report> {
  const { files, settings, sign, output, reference } = inputs;
  const { dryRun } = inputs.run;
  const { repository, run, workspace, signal } = context;
  const client = settings.clientSecret === '' ? undefined : createClient(inputs, runner, context);
  const verify = await loadVerifier(inputs, signal);
  const report = await runner.group(dryRun ? 'Checking files' : 'Signing files', () =>
    signFiles(files, {
      ...{ ...output, ...inputs.run, sign, signal, describe },
      ...(verify ? { verify } : {}),
      ...(client ? { client } : {}),
      clientId: settings.clientId,
      root: workspace,
      journal: journalPath(inputs, context),
      ...(reference
        ? { reference: ({ name, sha256 }) => fillTemplate(reference, { repository, run, path: name, sha256 }) }
        : {}),
      onFound: (found) => reportNoFiles(inputs, runner, found),
      onResult: ({ file, status }) => {
        if (status === 'skipped') runner.info(`${JSON.stringify(file)} is already signed.`);
      },
      onProgress: progressLines(runner),
    }),
  );
  for (const file of report.files) if (file.problem?.code !== report.stoppedBy?.code) annotate(runner, file);
  if (dryRun && report.files.length > 0) await checkLogin(client, runner, signal);
  return report;
}

/** @throws `ConfigurationError` naming the invalid setting. */
function createClient({ settings, verify }: Inputs, runner: Runner, { actionRef }: Context): SignStash {
  return createSignStash({
    ...settings,
    contentCheck: verify === 'off' ? 'off' : 'on',
    userAgent: `signstash-action/${actionRef || 'local'}`,
    tokenStore: new MaskingTokenStore(runner),
    hooks: { onWarning: ({ message }) => runner.warning(message) },
  });
}

/**
 * What `signature` and `chain` check beyond core's content check.
 *
 * @throws `SettingsError` if a file of `trust` is unusable, before anything is sent.
 */
async function loadVerifier({ verify, trust }: Inputs, signal: AbortSignal): Promise<SignFilesOptions['verify']> {
  if (verify !== 'signature' && verify !== 'chain') return undefined;
  // Loaded on demand: it is larger than the rest of the action.
  const { createVerifier } = await import('./verify-signed.ts');
  return createVerifier(verify, trust, signal);
}

/**
 * The journal that lets a second attempt in the same job continue where the first one stopped. Steps that use another service,
 * or write to another place, have separate journals.
 */
function journalPath({ settings, output }: Inputs, { temporary, workspace }: Context): string {
  const purpose = JSON.stringify([settings.environment, settings.clientId, workspace, output]);
  const hash = createHash('sha256').update(purpose).digest('hex');
  return join(temporary, `signstash-${hash.slice(0, 16)}.jsonl`);
}

/** @throws if `if-no-files-found` is `error`. */
function reportNoFiles(
  { files, ifNoFilesFound }: Inputs,
  runner: Runner,
  found: { files: readonly unknown[]; missing: readonly string[] },
): void {
  const quoted = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(', ');
  const message =
    found.missing.length > 0
      ? `No such file: ${quoted(found.missing)}.`
      : found.files.length === 0
        ? `No file matches ${quoted(files)}.`
        : undefined;
  if (message === undefined) return;
  if (ifNoFilesFound === 'error') {
    throw new Error(`${message} If this is expected, set if-no-files-found to warn or ignore.`);
  }
  if (ifNoFilesFound === 'warn') runner.warning(message);
  else runner.info(message);
}

function annotate(runner: Runner, { file, status, problem }: FileResult): void {
  if (status !== 'failed' || !problem) return;
  runner.error(`${problem.detail} ${problem.hint}`, { title: `Not signed: ${problem.code}`, file });
}

/** Sends one look-up, which needs a login and transfers no document. @throws if the login or the look-up is refused. */
async function checkLogin(client: SignStash | undefined, runner: Runner, signal: AbortSignal): Promise<void> {
  if (!client) return runner.info("The login was not tried: 'client-secret' is not set.");
  const { steps } = await checkConnection(client, { signal, ...describe });
  for (const { status, detail, hint = '' } of steps) {
    if (status === 'failed') throw new Error(`${detail} ${hint}`);
    if (status === 'ok') runner.info(detail);
  }
}
