/** A workflow command, such as `::error title=…::message`. */
export interface Command {
  name: string;
  properties: Record<string, string>;
  data: string;
}

const plain = (text: string) => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
const plainProperty = (text: string) => plain(text.replaceAll('%3A', ':').replaceAll('%2C', ','));

/** Finds the commands in what an action printed, by the runner's own rules. */
export function commandsIn(output: string): Command[] {
  return output.split('\n').flatMap((line) => {
    const match = /^\s*::([\w-]+)(?: (.*?))?::(.*)$/.exec(line);
    if (!match) return [];
    const [, name = '', list = '', data = ''] = match;
    const properties = list.split(',').flatMap((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [] : [[pair.slice(0, at).trim(), plainProperty(pair.slice(at + 1))]];
    });
    return [{ name, properties: Object.fromEntries(properties) as Record<string, string>, data: plain(data) }];
  });
}
