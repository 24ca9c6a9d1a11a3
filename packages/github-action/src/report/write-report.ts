import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FileReport, totals } from './file-report.ts';

export interface ReportPaths {
  report: string;
  checksums: string;
}

/** Writes the JSON report and the checksums to a directory of this step: a job may have several. */
export function writeReports(files: readonly FileReport[], temporary: string, durationMs: number): ReportPaths {
  const directory = mkdtempSync(join(temporary, 'signstash-'));
  const paths = { report: join(directory, 'report.json'), checksums: join(directory, 'SHA256SUMS') };
  const report = { version: 1, durationMs: Math.round(durationMs), totals: totals(files), files };
  writeFileSync(paths.report, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(paths.checksums, files.map(checksumLine).join(''));
  return paths;
}

/** A line of `sha256sum`, which escapes backslashes and line ends in names and marks such a line by a backslash. */
function checksumLine({ output, sha256 }: FileReport): string {
  if (output === undefined || sha256 === undefined) return '';
  const name = output.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${name === output ? '' : '\\'}${sha256}  ${name}\n`;
}

/** The action's outputs by name. */
export function outputsOf(files: readonly FileReport[], paths: ReportPaths): Record<string, string> {
  const { signed, recovered, failed, skipped } = totals(files);
  const operations = new Set(files.flatMap(({ operationId }) => operationId ?? []));
  return {
    'signed-files': JSON.stringify(files.flatMap(({ output }) => output ?? [])),
    'signed-count': String(signed),
    'recovered-count': String(recovered),
    'failed-count': String(failed),
    'skipped-count': String(skipped),
    'operation-ids': JSON.stringify([...operations]),
    'report-path': paths.report,
    'checksums-path': paths.checksums,
  };
}
