const placeholders = ['repository', 'run', 'path', 'sha256'] as const;

/** The values that fill an external reference's template. */
export type ReferenceValues = Record<(typeof placeholders)[number], string>;

/** The reason why a template cannot be used, or undefined. */
export function checkTemplate(template: string): string | undefined {
  const known: readonly string[] = placeholders.map((name) => `{${name}}`);
  const unknown = template.match(/\{[^}]*\}/g)?.find((part) => !known.includes(part));
  if (unknown) return `${unknown} is not one of ${known.join(', ')}.`;
  const unique = /\{(path|sha256)\}/.test(template);
  return unique ? undefined : 'without {path} or {sha256}, every file would get the same reference.';
}

/** Characters of a path or repository that a reference cannot contain become a hyphen. */
export const fillTemplate = (template: string, values: ReferenceValues): string =>
  template.replace(/\{(\w+)\}/g, (_, name: keyof ReferenceValues) => values[name]).replace(/[^\w.:@-]+/g, '-');
