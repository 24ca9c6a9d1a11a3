import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

type Extra = Partial<INodeProperties>;

/** A text parameter. */
export const text = (displayName: string, name: string, description: string, extra: Extra = {}): INodeProperties => ({
  displayName,
  name,
  type: 'string',
  default: '',
  description,
  ...extra,
});

/** A number parameter, by default 1 or more. */
export const number = (
  displayName: string,
  name: string,
  preset: number,
  description: string,
  extra: Extra = {},
): INodeProperties => ({
  displayName,
  name,
  type: 'number',
  default: preset,
  typeOptions: { minValue: 1 },
  description,
  ...extra,
});

/** A switch that is off by default. */
export const toggle = (displayName: string, name: string, description: string, extra: Extra = {}): INodeProperties => ({
  displayName,
  name,
  type: 'boolean',
  default: false,
  description,
  ...extra,
});

/** A list to choose from. */
export const choice = (
  displayName: string,
  name: string,
  description: string,
  options: readonly [name: string, value: string, description?: string][],
  extra: Extra = {},
): INodeProperties => ({
  displayName,
  name,
  type: 'options',
  options: options.map(
    ([label, value, explanation]): INodePropertyOptions => ({
      name: label,
      value,
      ...(explanation ? { description: explanation } : {}),
    }),
  ),
  default: options[0]?.[1] ?? '',
  description,
  ...extra,
});

/** Optional parameters under a button. */
export const collection = (
  displayName: string,
  name: string,
  placeholder: string,
  options: INodeProperties[],
  extra: Extra = {},
): INodeProperties => ({ displayName, name, type: 'collection', placeholder, default: {}, options, ...extra });

export const simplifyParameter = toggle(
  'Simplify',
  'simplify',
  'Whether to return a simplified version of the response instead of the raw data',
  { default: true },
);

/** E-mail addresses as users type them, separated by commas, semicolons or line ends; or a list from an expression. */
export function parseAddresses(value: unknown): string[] {
  const list = Array.isArray(value) ? value.map(String) : String(value ?? '').split(/[,;\n]/);
  return list.map((address) => address.trim()).filter((address) => address !== '');
}
