import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@signstash-connect/testing/registry';
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { cloneWorkspace, versionPackages } from './support/released-clone.ts';

const { work, clone: released } = inject('released');
const core = '@signstash-connect/core';
const express = '@signstash-connect/express';
const action = '@signstash-connect/github-action';
const n8n = 'n8n-nodes-signstash';
const sandbox = '@signstash-connect/sandbox';
const folders: Record<string, string> = {
  [core]: 'packages/core',
  [express]: 'packages/express',
  [action]: 'packages/github-action',
  [n8n]: 'packages/n8n-nodes-signstash',
  [sandbox]: 'packages/sandbox',
};

let clone: string;
let start: string;

beforeAll(async () => {
  clone = await cloneWorkspace(join(work, 'versions'));
  await versionPackages(clone);
  start = (await run('git', ['rev-parse', 'HEAD'], { cwd: clone })).trim();
});
beforeEach(async () => {
  await run('git', ['reset', '--quiet', '--hard', start], { cwd: clone });
  await run('git', ['clean', '--quiet', '-d', '--force'], { cwd: clone });
});

const read = (path: string) => readFile(join(clone, path), 'utf8');
const versionOf = async (name: string) => JSON.parse(await read(`${folders[name]}/package.json`)).version as string;
const versions = async () =>
  Object.fromEntries(await Promise.all(Object.keys(folders).map(async (name) => [name, await versionOf(name)])));
const changed = async (change: () => Promise<unknown>) => {
  const before = await versions();
  await change();
  const after = await versions();
  return Object.keys(after).filter((name) => after[name] !== before[name]);
};

async function changeset(name: string, bump: string): Promise<void> {
  await writeFile(join(clone, '.changeset/change.md'), `---\n'${name}': ${bump}\n---\n\nDistinguishes two errors.\n`);
  await run('git', ['add', '--all'], { cwd: clone });
  await run('git', ['commit', '--quiet', '--message', 'A change'], { cwd: clone });
}

describe('a change of core', () => {
  it('of a minor version releases all packages that depend on it or bundle it', async () => {
    await changeset(core, 'minor');
    expect((await changed(() => versionPackages(clone))).sort()).toEqual([core, express, action, n8n].sort());
    const version = await versionOf(core);
    expect(await read('packages/core/CHANGELOG.md')).toContain('Distinguishes two errors.');
    expect(await read('packages/express/CHANGELOG.md')).toContain(`${core}@${version}`);
    expect(await read('packages/github-action/CHANGELOG.md')).toContain(`${core}@${version}`);
    expect(await read('packages/n8n-nodes-signstash/CHANGELOG.md')).toContain('Ships the current core.');
  });

  it('of a patch version reaches users of express by their installation, and all others by a release', async () => {
    await changeset(core, 'patch');
    expect((await changed(() => versionPackages(clone))).sort()).toEqual([core, action, n8n].sort());
  });

  it('updates the User-Agent and the committed bundle of the action', async () => {
    await changeset(core, 'patch');
    await versionPackages(clone);
    const version = await versionOf(core);
    expect(await read('packages/core/src/http/user-agent.ts')).toContain(`export const version = '${version}';`);
    expect(await read('packages/github-action/dist/index.js')).toContain(version);
    expect(await run('git', ['status', '--porcelain'], { cwd: clone })).toBe('');
  });
});

it.each([express, action, n8n, sandbox])('a change of %s alone releases it alone', async (name) => {
  await changeset(name, 'minor');
  expect(await changed(() => versionPackages(clone))).toEqual([name]);
});

it('without a changeset nothing is released', async () => {
  const versioned = run('npm', ['run', '--silent', 'version-packages'], { cwd: clone });
  await expect(versioned).rejects.toThrow('No unreleased changesets found.');
  expect(await run('git', ['status', '--porcelain'], { cwd: clone })).toBe('');
});

it('the lockfile of a release is complete', () => {
  const install = () =>
    execFileSync(process.execPath, ['scripts/pnpm.mjs', 'install', '--frozen-lockfile', '--lockfile-only'], {
      cwd: released,
      stdio: 'pipe',
    });
  expect(install).not.toThrow();
});
