/** One line of the table. */
export interface TableRow {
  file: string;
  pages: string;
  status: string;
  operation: string;
  ms: string;
}

const columns: { key: keyof TableRow; title: string; right?: boolean }[] = [
  { key: 'file', title: 'File' },
  { key: 'pages', title: 'Pages', right: true },
  { key: 'status', title: 'Status' },
  { key: 'operation', title: 'Operation', right: true },
  { key: 'ms', title: 'ms', right: true },
];

export function resultsTable(rows: readonly TableRow[]): string {
  const width = ({ key, title }: (typeof columns)[number]) =>
    Math.max(title.length, ...rows.map((row) => row[key].length));
  const widths = columns.map(width);
  const line = (cell: (column: (typeof columns)[number]) => string) =>
    columns
      .map((column, index) =>
        column.right ? cell(column).padStart(widths[index] ?? 0) : cell(column).padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [
    line(({ title }) => title),
    line(({ key }) => '─'.repeat(widths[columns.findIndex((column) => column.key === key)] ?? 0)),
    ...rows.map((row) => line(({ key }) => row[key])),
  ].join('\n');
}
