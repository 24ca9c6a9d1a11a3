import { readFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PDFDocument } from '@cantoo/pdf-lib';
import { type BatchResult, createSignStash } from '@signstash-connect/core';
import { checkSigned, TrustStore } from '@signstash-connect/verify';
import { SingleBar } from 'cli-progress';
import { resultsTable, type TableRow } from './results-table.ts';
import { startSandboxProcess } from './sandbox-process.ts';

/** Real invoices of many producers; the encrypted one among them is for the sandbox's own tests. */
const invoices = fileURLToPath(new URL('../../../packages/sandbox/test/fixtures/', import.meta.url));
const ownOutput = fileURLToPath(new URL('../signed/', import.meta.url));

/** The status of a document whose signature and certificate chain are valid. */
const verified = 'signed, verified';

const given = process.argv.slice(2).filter((argument) => argument !== '--');
const documents =
  given.length > 0 ? given.map((path) => resolve(path)) : [`${invoices}*.pdf`, `!${invoices}encrypted.pdf`];

console.log("Signing with a local Sign'Stash: real PAdES signatures by a test authority, without legal value.\n");
const sandbox = await startSandboxProcess();
const bar = new SingleBar({ format: '{bar} {value}/{total} documents', hideCursor: true, clearOnComplete: true });
try {
  const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox;
  const signstash = createSignStash({ environment: { tokenUrl, apiUrl }, clientId, clientSecret });
  const trust = await TrustStore.fromFiles(sandbox.caCertificatePath);
  const started = performance.now();
  const rows: TableRow[] = [];
  const folders = new Set<string>();
  const batch = signstash.signAll(documents, {
    reason: 'Demonstration',
    batchSize: 3,
    overwrite: true,
    ...(given.length > 0 ? {} : { outputDirectory: ownOutput }),
    onProgress: ({ done, total }) => {
      // Only a terminal can redraw a line; a log gets the table alone.
      if (!process.stdout.isTTY || total === undefined) return;
      if (!bar.isActive) bar.start(total, 0);
      bar.update(done);
    },
  });
  for await (const result of batch) {
    rows.push(await row(result, performance.now() - started, trust));
    if (result.ok && result.outputPath) folders.add(dirname(result.outputPath));
  }
  bar.stop();
  console.log(resultsTable(rows.sort((a, b) => a.file.localeCompare(b.file))));
  const signed = rows.filter(({ status }) => status === verified).length;
  for (const folder of folders) console.log(`\nSigned files are in ${relative(process.cwd(), folder) || '.'}`);
  console.log(`The test authority's certificate: ${sandbox.caCertificatePath}`);
  console.log(`\n${signed} of ${rows.length} documents signed and verified.`);
  if (rows.length === 0 || signed < rows.length) process.exitCode = 1;
} finally {
  bar.stop();
  await sandbox.stop();
}

async function row(result: BatchResult, elapsed: number, trust: TrustStore): Promise<TableRow> {
  const ms = Math.round(elapsed).toString();
  if (!result.ok) {
    const { code, message, hint } = result.error;
    return { file: result.name, pages: '', status: `${code}: ${message} ${hint}`, operation: '', ms };
  }
  const path = result.outputPath ?? '';
  const problem = await checkSigned(path, { level: 'chain', trust });
  const pages = (await PDFDocument.load(readFileSync(path), { updateMetadata: false })).getPageCount().toString();
  const status = problem === undefined ? verified : `NOT VALID: ${problem}`;
  return { file: basename(path), pages, status, operation: result.operationId ?? '', ms };
}
