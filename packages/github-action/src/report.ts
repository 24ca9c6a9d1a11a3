import type { SignStashError } from '@signstash-connect/core';

/** What became of one file. */
export interface ReportLine {
  file: string;
  status: 'sealed' | 'failed' | 'skipped' | 'not sent';
  output?: string;
  operationId?: string;
  reference?: string;
  bytes?: number;
  durationMs?: number;
  recovered?: boolean;
  code?: string;
  reason?: string;
  hint?: string;
}

export interface Totals {
  sealed: number;
  failed: number;
  skipped: number;
}

export const totals = (report: readonly ReportLine[]): Totals => ({
  sealed: report.filter(({ status }) => status === 'sealed').length,
  failed: report.filter(({ status }) => status === 'failed').length,
  skipped: report.filter(({ status }) => status === 'skipped').length,
});

export const failedLine = (file: string, { code, message, hint }: SignStashError): ReportLine => ({
  file,
  status: 'failed',
  code,
  reason: message,
  hint,
});

/** GitHub refuses a summary above 1 MiB whole; far below it a table is no longer read. */
const mostRows = 500;

/** The table of the job's summary, failures first. */
export function summaryMarkdown(report: readonly ReportLine[]): string {
  const { sealed, failed, skipped } = totals(report);
  const order = { failed: 0, 'not sent': 1, sealed: 2, skipped: 3 };
  const rows = report.toSorted((a, b) => order[a.status] - order[b.status]).slice(0, mostRows);
  const cut = report.length > rows.length ? [`\n${report.length - rows.length} more are in the report.`] : [];
  return [
    "### Sign'Stash",
    '',
    `${sealed} sealed, ${failed} failed, ${skipped} skipped`,
    '',
    '| File | Status | Operation | ms |',
    '| --- | --- | ---: | ---: |',
    ...rows.map((line) => {
      const status = line.status === 'failed' ? `failed: ${line.reason} ${line.hint}` : line.status;
      const ms = line.durationMs === undefined ? '' : String(Math.round(line.durationMs));
      return `| ${[line.file, status, line.operationId ?? '', ms].map(cell).join(' | ')} |`;
    }),
    ...cut,
    '',
  ].join('\n');
}

/** File names and messages may hold anything; a table cell may not. */
const cell = (text: string) =>
  text
    .slice(0, 400)
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\|`*_<>[\]]/g, (character) => `&#${character.charCodeAt(0)};`);
