import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '@signstash-connect/core/adapter';

/** Writes the report and the checksums to a directory of this step, since a job may have several. Returns all outputs by name. */
export function writeOutputs(report: Report, temporary: string): Record<string, string> {
  const directory = mkdtempSync(join(temporary, 'signstash-'));
  const paths = { report: join(directory, 'report.json'), checksums: join(directory, 'SHA256SUMS') };
  writeFileSync(paths.report, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(paths.checksums, report.toChecksums());
  const { signed, recovered, failed, skipped } = report.totals;
  const operations = new Set(report.files.flatMap(({ operationId }) => operationId ?? []));
  return {
    'signed-files': JSON.stringify(report.files.flatMap(({ output }) => output ?? [])),
    'signed-count': String(signed),
    'recovered-count': String(recovered),
    'failed-count': String(failed),
    'skipped-count': String(skipped),
    'operation-ids': JSON.stringify([...operations]),
    'report-path': paths.report,
    'checksums-path': paths.checksums,
  };
}
