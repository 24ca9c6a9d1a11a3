import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, extname, relative, resolve } from 'node:path';
import type { Report } from '@signstash-connect/core/adapter';
import { UsageError } from './exit-codes.ts';
import type { CliIo } from './io.ts';
import type { CommandContext } from './run.ts';

const writers: Readonly<Record<string, (report: Report, path: string) => Promise<unknown>>> = {
  '.csv': (report, path) => writeFile(path, report.toCsv({ bom: true })),
  '.json': (report, path) => writeFile(path, `${JSON.stringify(report, null, 2)}\n`),
  '.xlsx': writeWorkbook,
};

export interface ReportFiles {
  report?: string;
  checksums?: string;
}

/** @throws {@link UsageError} before anything is signed, if a file could not be written afterwards. */
export async function prepareReport({ report, checksums }: ReportFiles, io: CliIo): Promise<void> {
  if (report !== undefined && !(extname(report).toLowerCase() in writers)) {
    throw new UsageError(
      `Invalid --report "${report}": expected a file that ends in ${Object.keys(writers).join(', ')}.`,
    );
  }
  for (const [option, path] of Object.entries({ report, checksums })) {
    if (path === undefined) continue;
    try {
      await mkdir(dirname(resolve(io.cwd, path)), { recursive: true });
      await (await open(resolve(io.cwd, path), 'a')).close();
    } catch (error) {
      throw new UsageError(`--${option} "${path}" cannot be written: ${(error as Error).message}.`);
    }
  }
}

/** Writes the files of `--report` and `--checksums`. False if that fails; the files are signed in any case. */
export async function writeReport(
  report: Report,
  files: ReportFiles,
  { io, output }: CommandContext,
): Promise<boolean> {
  try {
    if (files.report !== undefined) {
      const path = resolve(io.cwd, files.report);
      await writers[extname(path).toLowerCase()]?.(report, path);
    }
    if (files.checksums !== undefined) {
      const path = resolve(io.cwd, files.checksums);
      // sha256sum reads names from the folder in which it runs: that of the list.
      const name = (signed: string) => relative(dirname(path), resolve(io.cwd, signed)).replaceAll('\\', '/');
      await writeFile(path, report.toChecksums(name));
    }
    return true;
  } catch (error) {
    output.problem(`The files are signed, but the report could not be written: ${(error as Error).message}.`);
    return false;
  }
}

async function writeWorkbook(report: Report, path: string): Promise<void> {
  const { default: writeExcelFile } = await import('write-excel-file/node');
  const [head = [], ...rows] = report.toRows();
  const cells = rows.map((row) => row.map((value) => ({ value, type: typeof value === 'number' ? Number : String })));
  const data = [head.map((value) => ({ value: String(value), type: String, fontWeight: 'bold' as const })), ...cells];
  await writeFile(path, await writeExcelFile(data as never, { stickyRowsCount: 1 } as never).toBuffer());
}
