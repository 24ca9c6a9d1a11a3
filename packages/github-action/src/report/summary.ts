import { type FileReport, totals } from './file-report.ts';

/** GitHub refuses a summary above 1 MiB whole, and all steps of a job share what a browser can show. Bytes. */
const mostBytes = 512 * 1024;

/** Failures first. */
const order: readonly FileReport['status'][] = ['failed', 'cancelled', 'not-sent', 'sealed', 'checked', 'skipped'];

/** The table of the job's summary, in Markdown. */
export function summaryMarkdown(files: readonly FileReport[], durationMs: number): string {
  const counts = totals(files);
  const told = order.filter((status) => counts[status] > 0).map((status) => `**${counts[status]}** ${status}`);
  const rows = files.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status)).map(row);
  let bytes = 0;
  const shown = rows.filter((text) => {
    bytes += Buffer.byteLength(text) + 1;
    return bytes <= mostBytes;
  });
  const hidden = rows.length - shown.length;
  return [
    "### Sign'Stash",
    '',
    `${told.join(', ') || 'No files'}, in ${(durationMs / 1000).toFixed(1)} s`,
    '',
    ...(shown.length > 0
      ? ['| File | Result | Operation | Bytes | SHA-256 |', '| --- | --- | --- | ---: | --- |', ...shown]
      : []),
    ...(hidden > 0 ? ['', `${hidden} more are in the report.`] : []),
    '',
  ].join('\n');
}

function row({ file, status, reason, problem, foundAgain, operationId, bytes, sha256 }: FileReport): string {
  const why = problem ? `${problem.message} ${problem.hint}` : (reason ?? (foundAgain ? 'found again' : ''));
  const result = why === '' ? status : `${status}: ${why}`;
  const cells = [file, result, operationId ?? '', bytes?.toLocaleString('en') ?? '', sha256?.slice(0, 16) ?? ''];
  return `| ${cells.map(cell).join(' | ')} |`;
}

/** File names and messages may hold anything; a table's cell may not. */
const cell = (text: string) =>
  text
    .slice(0, 1000)
    .replace(/\s+/g, ' ')
    .replace(/[\\|`*_~<>&[\]@#:]/g, (character) => `&#${character.charCodeAt(0)};`);
