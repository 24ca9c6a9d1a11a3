import { InputError } from '../inputs/input-error.ts';

const placeholders = ['repository', 'run', 'path', 'sha256'] as const;

/** What fills an external reference's template. */
export type ReferenceValues = Record<(typeof placeholders)[number], string>;

/** @throws {@link InputError} where the template cannot give each file a reference of its own. */
export function checkTemplate(template: string): void {
  const known: readonly string[] = placeholders.map((name) => `{${name}}`);
  const unknown = template.match(/\{[^}]*\}/g)?.find((part) => !known.includes(part));
  if (unknown) throw new InputError('external-reference', `${unknown} is not one of ${known.join(', ')}.`);
  if (!/\{(path|sha256)\}/.test(template)) {
    throw new InputError('external-reference', 'without {path} or {sha256}, every file would get the same reference.');
  }
}

/** What a path or repository holds and a reference may not becomes a hyphen. */
export const fillTemplate = (template: string, values: ReferenceValues): string =>
  template.replace(/\{(\w+)\}/g, (_, name: keyof ReferenceValues) => values[name]).replace(/[^\w.:@-]+/g, '-');
