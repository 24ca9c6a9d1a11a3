/** A workflow command, such as `::error title=…::message`. */
export interface Command {
  name: string;
  properties: Record<string, string>;
  data: string;
}

const unescapeData = (text: string) => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
const unescapeProperty = (text: string) => unescapeData(text.replaceAll('%3A', ':').replaceAll('%2C', ','));

/** Finds the commands in what an action printed, by the runner's own rules (ActionCommand.cs). */
export function commandsIn(output: string): Command[] {
  return output.split(/\r?\n/).flatMap((line) => {
    const text = line.trimStart();
    if (!text.startsWith('::')) return [];
    const end = text.indexOf('::', 2);
    if (end < 0) return [];
    const head = text.slice(2, end);
    const blank = head.indexOf(' ');
    const name = blank < 0 ? head : head.slice(0, blank);
    const properties: Record<string, string> = {};
    for (const pair of blank < 0 ? [] : head.slice(blank + 1).split(',')) {
      const equals = pair.indexOf('=');
      if (equals > 0) properties[pair.slice(0, equals).trim()] = unescapeProperty(pair.slice(equals + 1));
    }
    return [{ name, properties, data: unescapeData(text.slice(end + 2)) }];
  });
}
