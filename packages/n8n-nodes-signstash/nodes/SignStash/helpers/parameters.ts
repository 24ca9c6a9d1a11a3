import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

/** The description, and whatever differs from the usual. */
type Details = Partial<INodeProperties> & { description: string };

/** A text parameter. */
export const text = (displayName: string, name: string, details: Details): INodeProperties => ({
  ...{ displayName, name, type: 'string', default: '' },
  ...details,
});

/** A number parameter, by default 1 or more. */
export const number = (displayName: string, name: string, preset: number, details: Details): INodeProperties => ({
  ...{ displayName, name, type: 'number', default: preset, typeOptions: { minValue: 1 } },
  ...details,
});

/** A switch that is off by default. */
export const toggle = (displayName: string, name: string, details: Details): INodeProperties => ({
  ...{ displayName, name, type: 'boolean', default: false },
  ...details,
});

interface Choices {
  /** Labels by value, or label, value and explanation. */
  choices: Readonly<Record<string, string>> | readonly [name: string, value: string, description: string][];
}

/** A list to choose from, by default the first choice. */
export function choice(displayName: string, name: string, { choices, ...details }: Details & Choices): INodeProperties {
  const options: INodePropertyOptions[] = Array.isArray(choices)
    ? choices.map(([label, value, description]) => ({ name: label, value, description }))
    : Object.entries(choices).map(([value, label]) => ({ name: label, value }));
  const first = options[0]?.value ?? '';
  return { displayName, name, type: 'options', options, default: first, ...details };
}

/** Optional parameters under a button. */
export const collection = (
  displayName: string,
  name: string,
  placeholder: string,
  options: INodeProperties[],
  extra: Partial<INodeProperties> = {},
): INodeProperties => ({ displayName, name, type: 'collection', placeholder, default: {}, options, ...extra });

export const simplifyParameter = toggle('Simplify', 'simplify', {
  description: 'Whether to return a simplified version of the response instead of the raw data',
  default: true,
});

/** E-mail addresses as users type them, separated by commas, semicolons or line ends; or a list from an expression. */
export function parseAddresses(value: unknown): string[] {
  const list = Array.isArray(value) ? value.map(String) : String(value ?? '').split(/[,;\n]/);
  return list.map((address) => address.trim()).filter((address) => address !== '');
}
