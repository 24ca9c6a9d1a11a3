/** A table of the report. */
export interface Table {
  title: string;
  columns: string[];
  rows: string[][];
  notes: string[];
}

/** A goal and the measured value. */
export interface Goal {
  goal: string;
  measured: string;
  met: boolean;
}

export interface Result {
  table: Table;
  goals: Goal[];
}

export const goalTable = (goals: readonly Goal[]): Table => ({
  title: 'Goals',
  columns: ['goal', 'measured', ''],
  rows: goals.map(({ goal, measured, met }) => [goal, measured, met ? 'met' : 'missed']),
  notes: [],
});

export function markdown({ title, columns, rows, notes }: Table): string {
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [`## ${title}`, '', line(columns), rule, ...rows.map(line), '', ...notes.map((note) => `${note}\n`)]
    .join('\n')
    .trimEnd();
}
