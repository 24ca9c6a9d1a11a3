/** How a character looks. */
interface Style {
  readonly bold: boolean;
  /** Such as `green`; undefined for the default colour. */
  readonly color: string | undefined;
}

interface Cell extends Style {
  readonly text: string;
}

const plain: Style = { bold: false, color: undefined };
const colors: Readonly<Record<string, string>> = { 31: '#f47067', 32: '#57ab5a', 33: '#c69026', 36: '#39c5cf' };
const [columnWidth, lineHeight, padding] = [8.4, 20, 16];

/** What a terminal shows after it was sent a text: its lines, with the sequences for colours, cursor and clearing carried out. */
export function screenOf(output: string): Cell[][] {
  const lines: Cell[][] = [[]];
  let [row, column] = [0, 0];
  let style = plain;
  for (const [token, parameter = '', command] of output.matchAll(/\u001b\[([\d;?]*)([A-Za-z])|\u001b[78]|[\s\S]/gu)) {
    const count = Number(parameter.replace('?', '') || 1);
    if (token === '\n') {
      row++;
      lines[row] ??= [];
    } else if (token === '\r') column = 0;
    else if (command === 'm') for (const code of parameter.split(';')) style = styled(style, code);
    else if (command === 'K') lines[row] = parameter === '2' ? [] : (lines[row] ?? []).slice(0, column);
    else if (command === 'J') lines.splice(row, lines.length, (lines[row] ?? []).slice(0, column));
    else if (command === 'G') column = count - 1;
    else if (command === 'A') row = Math.max(0, row - count);
    else if (!token.startsWith('\u001b')) {
      const line = lines[row] ?? [];
      lines[row] = line;
      while (line.length < column) line.push({ ...plain, text: ' ' });
      line[column++] = { ...style, text: token };
    }
  }
  while (lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

function styled(style: Style, code: string): Style {
  if (code === '1') return { ...style, bold: true };
  if (code === '22') return { ...style, bold: false };
  if (code === '39') return { ...style, color: undefined };
  if (code === '' || code === '0') return plain;
  return { ...style, color: colors[code] ?? style.color };
}

/** A picture of a terminal. */
export function terminalPicture(lines: readonly (readonly Cell[])[], title: string): string {
  const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * columnWidth + 2 * padding);
  const height = lines.length * lineHeight + 2 * padding;
  const texts = lines.map(
    (line, index) => `<text x="${padding}" y="${padding + (index + 0.75) * lineHeight}">${spans(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escapeXml(title)}</title>
<style>text { font: 14px ui-monospace, Menlo, Consolas, monospace; fill: #d1d7e0; white-space: pre; } .bold { font-weight: bold; }</style>
<rect width="100%" height="100%" rx="8" fill="#212830"/>
${texts.join('\n')}
</svg>
`;
}

function spans(line: readonly Cell[]): string {
  let text = '';
  for (let at = 0; at < line.length; ) {
    const { bold, color } = line[at] as Cell;
    const next = line.findIndex((cell, index) => index > at && (cell.bold !== bold || cell.color !== color));
    const end = next === -1 ? line.length : next;
    const part = escapeXml(
      line
        .slice(at, end)
        .map((cell) => cell.text)
        .join(''),
    );
    const look = `${bold ? ' class="bold"' : ''}${color ? ` style="fill: ${color}"` : ''}`;
    text += look === '' ? part : `<tspan${look}>${part}</tspan>`;
    at = end;
  }
  return text;
}

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
