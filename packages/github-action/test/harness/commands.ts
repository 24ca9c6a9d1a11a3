/** A workflow command, such as `::error title=…::message`. */
export interface Command {
  name: string;
  properties: Record<string, string>;
  data: string;
}

const unescapeData = (text: string) => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
const unescapeProperty = (text: string) => unescapeData(text.replaceAll('%3A', ':').replaceAll('%2C', ','));

/** Finds the commands in an action's output, by the runner's own rules (ActionCommand.cs); a line may end with CR alone. */
export const commandsIn = (output: string): Command[] =>
  output.split(/\r\n|\r|\n/).flatMap((line) => currentCommand(line) ?? formerCommand(line) ?? []);

function currentCommand(line: string): Command | undefined {
  const text = line.trimStart();
  if (!text.startsWith('::')) return undefined;
  const end = text.indexOf('::', 2);
  return end < 0 ? undefined : command(text.slice(2, end), ',', text.slice(end + 2));
}

/** The former syntax, `##[error]message`, which the runner still finds anywhere in a line. */
function formerCommand(line: string): Command | undefined {
  const start = line.indexOf('##[');
  const end = line.indexOf(']', start);
  return start < 0 || end < 0 ? undefined : command(line.slice(start + 3, end), ';', line.slice(end + 1));
}

function command(head: string, separator: string, data: string): Command {
  const blank = head.indexOf(' ');
  const name = blank < 0 ? head : head.slice(0, blank);
  const properties: Record<string, string> = {};
  for (const pair of blank < 0 ? [] : head.slice(blank + 1).split(separator)) {
    const equals = pair.indexOf('=');
    if (equals > 0) properties[pair.slice(0, equals).trim()] = unescapeProperty(pair.slice(equals + 1));
  }
  return { name, properties, data: unescapeData(data) };
}
