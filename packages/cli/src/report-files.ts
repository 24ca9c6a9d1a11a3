import { writeFile } from 'node:fs/promises';
import { dirname, extname, relative, resolve } from 'node:path';
import type { Report } from '@signstash-connect/core/adapter';
import { UsageError } from './exit-codes.ts';
import type { CliIo } from './io.ts';

const writers: Readonly<Record<string, (report: Report, path: string) => Promise<unknown>>> = {
  '.csv': (report, path) => writeFile(path, report.toCsv({ bom: true })),
  '.json': (report, path) => writeFile(path, `${JSON.stringify(report, null, 2)}\n`),
  '.xlsx': writeWorkbook,
};

/** @throws {@link UsageError} before anything is signed, if the report could not be written in this format. */
export function checkReportPath(path: string | undefined): void {
  if (path === undefined || extname(path).toLowerCase() in writers) return;
  throw new UsageError(`Invalid --report "${path}": expected a file that ends in ${Object.keys(writers).join(', ')}.`);
}

/** Writes what `--report` and `--checksums` ask for. */
export async function writeReport(report: Report, files: { report?: string; checksums?: string }, io: CliIo) {
  if (files.report !== undefined) {
    const path = resolve(io.cwd, files.report);
    await writers[extname(path).toLowerCase()]?.(report, path);
  }
  if (files.checksums !== undefined) {
    const path = resolve(io.cwd, files.checksums);
    // sha256sum reads names from the folder in which it runs: that of the list.
    const name = (output: string) => relative(dirname(path), resolve(io.cwd, output)).replaceAll('\\', '/');
    await writeFile(path, report.toChecksums(name));
  }
}

async function writeWorkbook(report: Report, path: string): Promise<void> {
  const { default: writeExcelFile } = await import('write-excel-file/node');
  const [head = [], ...rows] = report.toRows();
  const cells = rows.map((row) => row.map((value) => ({ value, type: typeof value === 'number' ? Number : String })));
  const data = [head.map((value) => ({ value: String(value), type: String, fontWeight: 'bold' as const })), ...cells];
  await writeFile(path, await writeExcelFile(data as never, { stickyRowsCount: 1 } as never).toBuffer());
}
