import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';

const here = new URL('..', import.meta.url).pathname;

test('the committed dist equals a fresh build', () => {
  const fresh = mkdtempSync(join(tmpdir(), 'signstash-dist-'));
  onTestFinished(() => rmSync(fresh, { recursive: true }));
  execFileSync(process.execPath, [join(here, 'build.ts'), fresh]);
  expect(readdirSync(fresh).sort()).toEqual(readdirSync(join(here, 'dist')).sort());
  for (const name of readdirSync(fresh)) {
    const same = readFileSync(join(fresh, name)).equals(readFileSync(join(here, 'dist', name)));
    expect([name, same]).toEqual([name, true]);
  }
});

test('the action at the root of the repository is this one', () => {
  const read = (path: string) => parse(readFileSync(join(here, path), 'utf8'));
  const { runs: ownRuns, ...own } = read('action.yml');
  const { runs: rootRuns, ...root } = read('../../action.yml');
  expect(root).toEqual(own);
  expect(rootRuns).toEqual({ ...ownRuns, main: `packages/github-action/${ownRuns.main}` });
});

test('the bundle contains no path of the build machine', () => {
  expect(readFileSync(join(here, 'dist/index.js'), 'utf8')).not.toContain(here);
});
