import type { INodeProperties } from 'n8n-workflow';

type More = Partial<INodeProperties>;
/** By value; the first choice is the default. */
type Choices = Readonly<Record<string, string | readonly [label: string, description: string]>>;

/** Makes parameters whose explanations are in a table, by the parameter's name. */
export function describedParameters<N extends string>(descriptions: Readonly<Record<N, string>>) {
  const parameter = (displayName: string, name: N, more: Pick<INodeProperties, 'type' | 'default'> & More) => ({
    ...{ displayName, name, description: descriptions[name] },
    ...more,
  });
  return {
    text: (displayName: string, name: N, more: More = {}): INodeProperties =>
      parameter(displayName, name, { type: 'string', default: '', ...more }),
    /** By default 1 or more. */
    number: (displayName: string, name: N, preset: number, more: More = {}): INodeProperties =>
      parameter(displayName, name, { type: 'number', default: preset, typeOptions: { minValue: 1 }, ...more }),
    /** Off by default. */
    toggle: (displayName: string, name: N, more: More = {}): INodeProperties =>
      parameter(displayName, name, { type: 'boolean', default: false, ...more }),
    choice: (displayName: string, name: N, choices: Choices, more: More = {}): INodeProperties => {
      const options = Object.entries(choices).map(([value, about]) =>
        typeof about === 'string' ? { name: about, value } : { name: about[0], value, description: about[1] },
      );
      return parameter(displayName, name, { type: 'options', default: options[0]?.value ?? '', options, ...more });
    },
  };
}

/** Optional parameters under a button. */
export const collection = (
  ...[displayName, name, placeholder, options, more = {}]: [string, string, string, INodeProperties[], More?]
): INodeProperties => ({ displayName, name, type: 'collection', placeholder, default: {}, options, ...more });

export const simplifyParameter = describedParameters({
  simplify: 'Whether to return a simplified version of the response instead of the raw data',
}).toggle('Simplify', 'simplify', { default: true });

/** The labels of parameters and of those inside collections, by name. */
export const labelsOf = (properties: readonly INodeProperties[]): Record<string, string> =>
  Object.fromEntries(
    properties
      .flatMap((property) => (property.type === 'collection' ? (property.options as INodeProperties[]) : property))
      .map(({ name, displayName }) => [name, displayName]),
  );

/** Names or addresses as users type them, separated by commas, semicolons or line ends; or a list from an expression. */
export function splitList(value: unknown): string[] {
  const list = Array.isArray(value) ? value.map(String) : String(value ?? '').split(/[,;\n]/);
  return list.map((each) => each.trim()).filter((each) => each !== '');
}
