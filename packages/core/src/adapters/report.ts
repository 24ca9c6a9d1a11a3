import type { ErrorDescription } from './describe-error.ts';

/**
 * `signed`, `failed`, `skipped` (already signed), `not-sent` (the run stopped first), `cancelled` (it may still be signed) or
 * `checked` (dry run).
 */
export type FileStatus = 'signed' | 'failed' | 'skipped' | 'not-sent' | 'cancelled' | 'checked';

/** The result of one file. */
export interface FileResult {
  /** As the platform calls it. */
  file: string;
  status: FileStatus;
  /** Why it was skipped or not sent. */
  reason?: string;
  /** Why it failed. */
  problem?: Pick<ErrorDescription, 'code' | 'title' | 'detail' | 'hint'>;
  reference?: string;
  operationId?: string;
  /** Path of the signed file, named like {@link file}. */
  output?: string;
  /** Of the signed file. */
  bytes?: number;
  /** Of the signed file, in hexadecimal. */
  sha256?: string;
  /** True if an earlier request or run had signed it: this run retrieved it and was not charged for it. */
  recovered?: boolean;
}

/** Files by status. `recovered` are those of `signed` that an earlier request or run had signed. */
export type Totals = Record<FileStatus | 'recovered', number>;

export interface ReportOptions {
  /** Milliseconds. */
  durationMs?: number;
  /** Why the run stopped before the last file, such as refused credentials. */
  stoppedBy?: ErrorDescription;
  /** Patterns or paths that matched no file. */
  missing?: readonly string[];
}

/** Failures first. */
const order: readonly FileStatus[] = ['failed', 'cancelled', 'not-sent', 'signed', 'checked', 'skipped'];

const readable: Readonly<Record<FileStatus, string>> = {
  signed: 'signed',
  failed: 'failed',
  skipped: 'skipped',
  'not-sent': 'not sent',
  cancelled: 'cancelled, may still be signed',
  checked: 'checked',
};

/** GitHub rejects summaries above 1 MiB, and all steps of a job share the page. Bytes. */
const defaultMarkdownBytes = 512 * 1024;

/** Results of a run in the formats that people and programs read. */
export class Report {
  readonly files: readonly FileResult[];
  readonly durationMs: number;
  readonly stoppedBy: ErrorDescription | undefined;
  readonly missing: readonly string[];

  constructor(files: readonly FileResult[], options: ReportOptions = {}) {
    this.files = files;
    this.durationMs = options.durationMs ?? 0;
    this.stoppedBy = options.stoppedBy;
    this.missing = options.missing ?? [];
  }

  get totals(): Totals {
    const counts: Totals = { signed: 0, recovered: 0, failed: 0, skipped: 0, 'not-sent': 0, cancelled: 0, checked: 0 };
    for (const { status, recovered } of this.files) {
      counts[status]++;
      if (recovered) counts.recovered++;
    }
    return counts;
  }

  /** True if every file was signed, checked or skipped. */
  get ok(): boolean {
    const { failed, cancelled, 'not-sent': notSent } = this.totals;
    return failed + cancelled + notSent === 0 && this.stoppedBy === undefined;
  }

  toJSON() {
    const { totals, files, stoppedBy } = this;
    const stopped = stoppedBy
      ? { stoppedBy: { code: stoppedBy.code, detail: stoppedBy.detail, hint: stoppedBy.hint } }
      : {};
    const missing = this.missing.length > 0 ? { missing: this.missing } : {};
    return { version: 1, durationMs: Math.round(this.durationMs), totals, ...stopped, ...missing, files };
  }

  /** The table of the report, with its head: what {@link toCsv} writes, for spreadsheets. */
  toRows(): (string | number)[][] {
    const head = [
      'file',
      'status',
      'recovered',
      'output',
      'bytes',
      'sha256',
      'reference',
      'operation',
      'code',
      'message',
      'hint',
    ];
    const rows = this.files.map(({ problem, reason, ...file }) => [
      file.file,
      readable[file.status],
      file.recovered ? 'yes' : 'no',
      file.output ?? '',
      file.bytes ?? '',
      file.sha256 ?? '',
      file.reference ?? '',
      file.operationId ?? '',
      problem?.code ?? '',
      problem?.detail ?? reason ?? '',
      problem?.hint ?? '',
    ]);
    return [head, ...rows];
  }

  /** RFC 4180, with cells that a spreadsheet would run as a formula made text. @param bom - Excel needs it to read UTF-8. */
  toCsv({ bom = false } = {}): string {
    const lines = this.toRows().map((row) => `${row.map((cell) => csvCell(String(cell))).join(',')}\r\n`);
    return `${bom ? '\ufeff' : ''}${lines.join('')}`;
  }

  /** Lines of `sha256sum`, for `sha256sum --check`. @param path - Turns an output into its path in the file. */
  toChecksums(path: (output: string) => string = (output) => output): string {
    return this.files
      .map(({ output, sha256 }) =>
        output === undefined || sha256 === undefined ? '' : checksumLine(path(output), sha256),
      )
      .join('');
  }

  /** One line with the counts, newly signed and recovered files apart: only the new ones were charged by this run. */
  summaryLine(emphasis = ''): string {
    const { recovered, ...counts } = this.totals;
    const numbers = { ...counts, signed: counts.signed - recovered };
    const parts = order.flatMap((status) => [
      ...(numbers[status] > 0 ? [`${emphasis}${numbers[status]}${emphasis} ${readable[status]}`] : []),
      ...(status === 'signed' && recovered > 0 ? [`${emphasis}${recovered}${emphasis} recovered`] : []),
    ]);
    return parts.join(', ') || 'No files';
  }

  /** A table, failures first. @param maxBytes - Rows beyond this size are counted but not shown. */
  toMarkdown({ maxBytes = defaultMarkdownBytes, title = "Sign'Stash" } = {}): string {
    const rank = (file: FileResult) => order.indexOf(file.status);
    const rows = this.files.toSorted((a, b) => rank(a) - rank(b)).map(markdownRow);
    const encoder = new TextEncoder();
    let bytes = 0;
    const shown = rows.filter((text) => {
      bytes += encoder.encode(text).byteLength + 1;
      return bytes <= maxBytes;
    });
    const hidden = rows.length - shown.length;
    const stopped = this.stoppedBy
      ? ['', `Stopped: ${markdownCell(`${this.stoppedBy.detail} ${this.stoppedBy.hint}`)}`]
      : [];
    const table =
      shown.length > 0
        ? ['', '| File | Result | Operation | Bytes | SHA-256 |', '| --- | --- | --- | ---: | --- |', ...shown]
        : [];
    return [
      `### ${title}`,
      '',
      `${this.summaryLine('**')}, in ${(this.durationMs / 1000).toFixed(1)} s`,
      ...stopped,
      ...table,
      ...(hidden > 0 ? ['', `${hidden} more are in the report.`] : []),
      '',
    ].join('\n');
  }
}

/** A leading apostrophe makes a spreadsheet show the cell as text; full-width signs start formulas in some locales, too. */
function csvCell(text: string): string {
  const safe = /^\s*[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

/** `sha256sum` escapes backslashes and line ends in names, and marks such a line by a backslash. */
function checksumLine(output: string, sha256: string): string {
  const name = output.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${name === output ? '' : '\\'}${sha256}  ${name}\n`;
}

function markdownRow({ file, status, reason, problem, recovered, operationId, bytes, sha256 }: FileResult): string {
  const why = problem ? `${problem.detail} ${problem.hint}` : reason;
  const result = recovered ? 'recovered' : readable[status];
  const grouped = bytes === undefined ? '' : String(bytes).replace(/\B(?=(\d{3})+$)/g, ',');
  const explained = why ? `${result}: ${markdownCell(why)}` : result;
  const [name, operation, checksum] = [file, operationId ?? '', sha256?.slice(0, 16) ?? ''].map(markdownCell);
  return `| ${[name, explained, operation, grouped, checksum].join(' | ')} |`;
}

/** File names and messages may contain anything; a table cell may not. */
const markdownCell = (text: string) =>
  text
    .slice(0, 1000)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(/[\\|`*_~<>&[\]@#:]/g, (character) => `&#${character.charCodeAt(0)};`);
