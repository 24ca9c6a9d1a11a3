import { readFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PDFDocument } from '@cantoo/pdf-lib';
import { type BatchResult, createSignStash } from '@signstash-connect/core';
import { SingleBar } from 'cli-progress';
import { resultsTable, type TableRow } from './results-table.ts';
import { startSandboxProcess } from './sandbox-process.ts';
import { whatIsWrongWithSeal } from './verify-seal.ts';

/** Real invoices of many producers; the encrypted one among them is for the sandbox's own tests. */
const invoices = fileURLToPath(new URL('../../../packages/sandbox/test/fixtures/', import.meta.url));
const ownOutput = fileURLToPath(new URL('../signed/', import.meta.url));

const given = process.argv.slice(2).filter((argument) => argument !== '--');
const documents =
  given.length > 0 ? given.map((path) => resolve(path)) : [`${invoices}*.pdf`, `!${invoices}encrypted.pdf`];

console.log("Sealing with a local Sign'Stash: real PAdES seals, of a test authority, without legal value.\n");
const sandbox = await startSandboxProcess();
const bar = new SingleBar({ format: '{bar} {value}/{total} documents', hideCursor: true, clearOnComplete: true });
try {
  const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox;
  const signstash = createSignStash({ environment: { tokenUrl, apiUrl }, clientId, clientSecret });
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
    rows.push(await row(result, performance.now() - started, readFileSync(sandbox.caCertificatePath, 'utf8')));
    if (result.ok && result.outputPath) folders.add(dirname(result.outputPath));
  }
  bar.stop();
  console.log(resultsTable(rows.sort((a, b) => a.file.localeCompare(b.file))));
  const sealed = rows.filter(({ status }) => status === 'sealed, checked').length;
  for (const folder of folders) console.log(`\nSealed files are in ${relative(process.cwd(), folder) || '.'}`);
  console.log(`The test authority's certificate: ${sandbox.caCertificatePath}`);
  console.log(`\n${sealed} of ${rows.length} documents sealed and checked.`);
  if (rows.length === 0 || sealed < rows.length) process.exitCode = 1;
} finally {
  bar.stop();
  await sandbox.stop();
}

async function row(result: BatchResult, elapsed: number, rootPem: string): Promise<TableRow> {
  const ms = Math.round(elapsed).toString();
  if (!result.ok) {
    const { code, message, hint } = result.error;
    return { file: result.name, pages: '', status: `${code}: ${message} ${hint}`, operation: '', ms };
  }
  const pdf = readFileSync(result.outputPath ?? '');
  const wrong = await whatIsWrongWithSeal(pdf, rootPem);
  const pages = (await PDFDocument.load(pdf, { updateMetadata: false })).getPageCount().toString();
  const status = wrong === undefined ? 'sealed, checked' : `SEAL NOT VALID: ${wrong}`;
  return { file: basename(result.outputPath ?? result.name), pages, status, operation: result.operationId ?? '', ms };
}
