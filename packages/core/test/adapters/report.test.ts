import { describe, expect, it } from 'vitest';
import { describeError, type FileResult, Report } from '../../src/adapter.ts';
import { QuotaExceededError } from '../../src/index.ts';

const problem = { code: 'DOCUMENT_EMPTY', title: 'Empty', detail: 'b.pdf is empty.', hint: 'Check it.' };
const sha256 = 'a'.repeat(64);
const files: FileResult[] = [
  { file: 'a.pdf', status: 'signed', output: 'a-signed.pdf', bytes: 1234567, sha256, operationId: '7', reference: 'r' },
  { file: 'again.pdf', status: 'signed', recovered: true, output: 'again-signed.pdf', bytes: 5, sha256 },
  { file: 'b.pdf', status: 'failed', problem },
  { file: 'c.pdf', status: 'not-sent', reason: 'the run was cancelled' },
  { file: 'd.pdf', status: 'skipped', reason: 'it is already signed' },
];

describe('Report', () => {
  it('counts newly signed and recovered files apart', () => {
    const report = new Report(files, { durationMs: 1500 });
    expect(report.totals).toMatchObject({ signed: 2, recovered: 1, failed: 1, 'not-sent': 1, skipped: 1 });
    expect(report.summaryLine()).toBe('1 failed, 1 not sent, 1 signed, 1 recovered, 1 skipped');
    expect(report.ok).toBe(false);
    expect(new Report([files[0]!, files[4]!]).ok).toBe(true);
  });

  it('writes JSON that holds everything', () => {
    const stoppedBy = describeError(new QuotaExceededError('used up'));
    const json = JSON.parse(JSON.stringify(new Report(files, { durationMs: 1.4, stoppedBy, missing: ['x'] })));
    expect(json).toMatchObject({
      version: 1,
      durationMs: 1,
      files,
      missing: ['x'],
      stoppedBy: { code: 'QUOTA_EXCEEDED' },
    });
  });

  it('writes CSV that no spreadsheet runs as a formula', () => {
    const hostile = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '＝1', ' =1'].map(
      (file): FileResult => ({ file, status: 'checked' }),
    );
    const lines = new Report(hostile).toCsv().split('\r\n');
    for (const line of lines.slice(1, -1)) expect(line).toMatch(/^"'/);
    expect(new Report([{ file: 'a "b",\n.pdf', status: 'checked' }]).toCsv()).toContain('"a ""b"",\n.pdf","checked"');
    expect(new Report(files).toCsv({ bom: true })).toMatch(/^\ufeff"file","status"/);
    expect(new Report(files).toCsv()).toContain('"c.pdf","not sent"');
  });

  it('writes checksums as sha256sum does', () => {
    const report = new Report([...files, { file: 'n', status: 'signed', output: 'a\\b\nc', sha256 }]);
    expect(report.toChecksums()).toBe(
      `${sha256}  a-signed.pdf\n${sha256}  again-signed.pdf\n\\${sha256}  a\\\\b\\nc\n`,
    );
    expect(report.toChecksums((path) => `out/${path}`)).toContain('  out/a-signed.pdf\n');
  });

  it('writes a Markdown table with failures first and readable statuses', () => {
    const markdown = new Report(files, { durationMs: 1500 }).toMarkdown();
    expect(markdown).toContain('**1** failed, **1** not sent, **1** signed, **1** recovered, **1** skipped, in 1.5 s');
    const rows = markdown.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| File'));
    expect(rows.slice(1).map((row) => row.split(' | ')[1])).toEqual([
      'failed: b.pdf is empty. Check it.',
      'not sent: the run was cancelled',
      'signed',
      'recovered',
      'skipped: it is already signed',
    ]);
    expect(markdown).toContain('1,234,567');
  });

  it('keeps names from breaking out of the Markdown table', () => {
    const markdown = new Report([{ file: 'a|b\n<img src=x>[x](y) ::error::\0', status: 'checked' }]).toMarkdown();
    const row = markdown.split('\n').at(-2);
    expect(row).toBe('| a&#124;b &#60;img src=x&#62;&#91;x&#93;(y) &#58;&#58;error&#58;&#58;  | checked |  |  |  |');
  });

  it('counts rows that do not fit', () => {
    const many = Array.from({ length: 100 }, (_, index): FileResult => ({ file: `${index}.pdf`, status: 'checked' }));
    const markdown = new Report(many).toMarkdown({ maxBytes: 1000 });
    expect(markdown.length).toBeLessThan(1300);
    expect(markdown).toMatch(/\d+ more are in the report\./);
  });
});
