import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileReport } from './file-report.ts';
import { totals } from './file-report.ts';

/** Writes the JSON report to a folder of its own, since a job may have several such steps. Returns its path. */
export function writeReport(files: readonly FileReport[], temporary: string, durationMs: number): string {
  const path = join(mkdtempSync(join(temporary, 'signstash-')), 'report.json');
  const report = { version: 1, durationMs: Math.round(durationMs), totals: totals(files), files };
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
  return path;
}

/** The action's outputs by name. */
export function outputsOf(files: readonly FileReport[], reportPath: string): Record<string, string> {
  const { sealed, failed, skipped } = totals(files);
  const operations = new Set(files.flatMap(({ operationId }) => operationId ?? []));
  return {
    'signed-files': JSON.stringify(files.flatMap(({ output }) => output ?? [])),
    'signed-count': String(sealed),
    'failed-count': String(failed),
    'skipped-count': String(skipped),
    'operation-ids': JSON.stringify([...operations]),
    'report-path': reportPath,
  };
}
