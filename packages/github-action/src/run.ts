import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BatchDocument,
  type BatchResult,
  createSignStash,
  isSignStashError,
  type SignStash,
  type SignStashOptions,
} from '@signstash-connect/core';
import { whatIsWrong } from './check-seal.ts';
import { batchDocument, carriesSignature, type FoundFile, findFiles } from './documents.ts';
import type { Inputs } from './inputs.ts';
import type { Log } from './log.ts';
import { MaskingTokenStore, secretForms } from './masks.ts';
import { failedLine, type ReportLine } from './report.ts';

/** Where the action runs. */
export interface Surroundings {
  workspace: string;
  /** For the journal; emptied by the runner when the job ends. */
  temporary: string;
  repository: string;
  run: string;
  fetch: SignStashOptions['fetch'] | undefined;
  /** Fires when the workflow is cancelled. */
  signal: AbortSignal;
}

/** Seals the files and says what became of each. Throws only what concerns the whole run. */
export async function run(inputs: Inputs, log: Log, around: Surroundings): Promise<ReportLine[]> {
  for (const form of secretForms(inputs.clientId, inputs.clientSecret)) log.mask(form);
  const signstash = client(inputs, log, around);
  const found = await findFiles(inputs, around.workspace);
  if (found.length === 0) {
    const message = `No files match ${inputs.files.map((pattern) => `"${pattern}"`).join(', ')}.`;
    if (inputs.ifNoFilesFound === 'error')
      throw new Error(`${message} Set if-no-files-found to warn or ignore if that is fine.`);
    if (inputs.ifNoFilesFound === 'warn') log.warning(message);
    return [];
  }
  const report: ReportLine[] = [];
  const files: FoundFile[] = [];
  for (const file of found) {
    if (inputs.skipSigned && (await carriesSignature(file)))
      report.push({ file: file.name, status: 'skipped', reason: 'signed already' });
    else files.push(file);
  }
  log.info(`${found.length} files match, ${files.length} to seal.`);
  if (inputs.dryRun) return [...report, ...(await dryRun(files, inputs, around))];
  const sealed = await log.group(`Sealing ${files.length} files`, () => seal(signstash, files, inputs, log, around));
  return [...report, ...sealed];
}

function client(inputs: Inputs, log: Log, { fetch }: Surroundings): SignStash {
  const {
    environment,
    clientId,
    clientSecret,
    credentialsEncoding,
    allowInsecureHttp,
    preservation,
    timeoutMs,
    retries,
  } = inputs;
  return createSignStash({
    environment,
    clientId,
    clientSecret,
    credentialsEncoding,
    allowInsecureHttp,
    userAgent: 'signstash-github-action',
    tokenStore: new MaskingTokenStore((token) => log.mask(token)),
    timeouts: { signMs: timeoutMs },
    retry: { attempts: retries + 1 },
    onWarning: ({ message }) => log.warning(message),
    ...(preservation ? { preservation } : {}),
    ...(fetch ? { fetch } : {}),
  });
}

async function seal(signstash: SignStash, files: readonly FoundFile[], inputs: Inputs, log: Log, around: Surroundings) {
  const { batchSize, concurrency, overwrite, failFast, verify, seal: options } = inputs;
  const byReference = new Map<string, { file: FoundFile; output: string }[]>();
  const originals = new Map<string, Buffer>();
  let stop = false;
  const documents = async function* (): AsyncGenerator<BatchDocument> {
    for (const file of files) {
      if (stop) return;
      const document = await batchDocument(file, inputs, around);
      const { reference, output } = document;
      byReference.set(reference, [...(byReference.get(reference) ?? []), { file, output }]);
      // In place, the original is gone once the sealed file is there.
      if (verify && inputs.inPlace) originals.set(file.path, await readFile(file.path));
      yield document;
    }
  };
  const report: ReportLine[] = [];
  const reported = new Set<FoundFile>();
  const batch = signstash.signAll(documents(), {
    ...options,
    batchSize,
    concurrency,
    overwrite,
    journal: join(around.temporary, 'signstash-journal.jsonl'),
    signal: around.signal,
    onProgress: progressLines(files.length, log),
  });
  try {
    for await (const result of batch) {
      const file = fileOf(result, byReference.get(result.reference) ?? [], reported);
      reported.add(file);
      const line = await reportLine(result, file, verify, originals, around.workspace);
      report.push(line);
      if (line.status !== 'failed') continue;
      log.error(`${line.reason} ${line.hint}`, { title: `Not sealed: ${line.code}`, file: file.name });
      if (failFast) stop = true;
    }
  } catch (error) {
    if (!isSignStashError(error) || error.code !== 'ABORTED') throw error;
    log.warning('Cancelled: what was sealed until now is reported; documents that were just sent may still be sealed.');
  }
  for (const file of files) if (!reported.has(file)) report.push({ file: file.name, status: 'not sent' });
  return report;
}

/** Files with equal content have one reference: the sealed one is known by its output, the others are those not reported yet. */
function fileOf(
  result: BatchResult,
  sharing: readonly { file: FoundFile; output: string }[],
  reported: ReadonlySet<FoundFile>,
): FoundFile {
  const own = sharing.find(({ file, output }) => (result.ok ? output === result.outputPath : !reported.has(file)));
  if (!own) throw new Error(`A result came for ${result.name}, which was not sent.`);
  return own.file;
}

async function reportLine(
  result: BatchResult,
  file: FoundFile,
  verify: boolean,
  originals: ReadonlyMap<string, Buffer>,
  workspace: string,
): Promise<ReportLine> {
  if (!result.ok) return failedLine(file.name, result.error);
  const { operationId, reference, bytes, durationMs, recovered, outputPath = '' } = result;
  const output = outputPath.startsWith(workspace) ? outputPath.slice(workspace.length + 1) : outputPath;
  if (verify && outputPath.toLowerCase().endsWith('.pdf')) {
    const wrong = whatIsWrong(await readFile(outputPath), originals.get(file.path) ?? (await readFile(file.path)));
    if (wrong) {
      const hint = 'Do not use it; report it to the service with the operation id.';
      return {
        file: file.name,
        status: 'failed',
        code: 'SEAL_NOT_VALID',
        reason: `The sealed file is not valid: ${wrong}.`,
        hint,
      };
    }
  }
  return {
    file: file.name,
    status: 'sealed',
    output,
    reference,
    bytes,
    durationMs,
    recovered,
    ...(operationId === undefined ? {} : { operationId }),
  };
}

/** Everything short of sending: the same checks, in the same words. */
async function dryRun(files: readonly FoundFile[], inputs: Inputs, around: Surroundings): Promise<ReportLine[]> {
  // A client that cannot send: core checks each document before it hands it to the transport.
  const nothing = { send: () => Promise.reject(new Error('A dry run sends nothing.')) };
  const { environment, clientId, clientSecret, allowInsecureHttp, seal: options } = inputs;
  const signstash = createSignStash({
    environment,
    clientId,
    clientSecret,
    allowInsecureHttp,
    transport: nothing,
    lookUpFirst: false,
  });
  return Promise.all(
    files.map(async (file): Promise<ReportLine> => {
      const { name = file.name, reference } = await batchDocument(file, inputs, around);
      try {
        await signstash.sign(file.path, { ...options, name, reference });
      } catch (error) {
        if (isSignStashError(error) && error.name === 'ValidationError') return failedLine(file.name, error);
      }
      return { file: file.name, status: 'not sent', reason: 'dry run' };
    }),
  );
}

/** Between two lines on long work. Milliseconds. */
const progressEveryMs = 10_000;

function progressLines(total: number, log: Log) {
  let last = performance.now();
  return ({ done, failed, bytesPerSecond }: { done: number; failed: number; bytesPerSecond: number }) => {
    if (performance.now() - last < progressEveryMs) return;
    last = performance.now();
    log.info(`${done} of ${total} done, ${failed} failed, ${(bytesPerSecond / 1024 / 1024).toFixed(1)} MB/s`);
  };
}
