import { type FileReport, totals } from './file-report.ts';

/** GitHub rejects summaries above 1 MiB, and all steps of a job share the page. Bytes. */
const maxBytes = 512 * 1024;

/** Failures first. */
const order: readonly FileReport['status'][] = ['failed', 'cancelled', 'not-sent', 'signed', 'checked', 'skipped'];

/** The table for the job's summary, in Markdown. */
export function summaryMarkdown(files: readonly FileReport[], durationMs: number): string {
  const rows = files.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status)).map(row);
  let bytes = 0;
  const shown = rows.filter((text) => {
    bytes += Buffer.byteLength(text) + 1;
    return bytes <= maxBytes;
  });
  const hidden = rows.length - shown.length;
  return [
    "### Sign'Stash",
    '',
    `${counts(files) || 'No files'}, in ${(durationMs / 1000).toFixed(1)} s`,
    '',
    ...(shown.length > 0
      ? ['| File | Result | Operation | Bytes | SHA-256 |', '| --- | --- | --- | ---: | --- |', ...shown]
      : []),
    ...(hidden > 0 ? ['', `${hidden} more are in the report.`] : []),
    '',
  ].join('\n');
}

/** Newly signed and recovered files apart: only the new ones were charged by this run. */
function counts(files: readonly FileReport[]): string {
  const { signed, recovered, ...others } = totals(files);
  const numbers = { ...others, signed: signed - recovered };
  return order
    .flatMap((status) => [
      ...(numbers[status] > 0 ? [`**${numbers[status]}** ${readable(status)}`] : []),
      ...(status === 'signed' && recovered > 0 ? [`**${recovered}** recovered`] : []),
    ])
    .join(', ');
}

const readable = (status: FileReport['status']) => status.replace('-', ' ');

function row({ file, status, reason, problem, recovered, operationId, bytes, sha256 }: FileReport): string {
  const why = problem ? `${problem.message} ${problem.hint}` : reason;
  const result = recovered ? 'recovered' : readable(status);
  const cells = [
    file,
    why ? `${result}: ${why}` : result,
    operationId ?? '',
    bytes?.toLocaleString('en') ?? '',
    sha256?.slice(0, 16) ?? '',
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

/** File names and messages may contain anything; a table cell may not. */
const cell = (text: string) =>
  text
    .slice(0, 1000)
    .replace(/\s+/g, ' ')
    .replace(/[\\|`*_~<>&[\]@#:]/g, (character) => `&#${character.charCodeAt(0)};`);
