import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { run } from './support/run.ts';

const { clone, remote, work, versions } = inject('released');
const actionVersion = versions['@signstash-connect/github-action'] as string;
const exact = `github-action-v${actionVersion}`;
const moving = `github-action-v${actionVersion.split('.')[0]}`;
const git = async (cwd: string, ...args: string[]) => (await run('git', args, { cwd })).trim();

describe('the bare repository', () => {
  it('has a tag for every package that was released', async () => {
    const tags = (await git(remote, 'tag', '--list')).split('\n').sort();
    const own = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
    expect(tags).toEqual([...own, exact, moving].sort());
  });

  it('has every tag at the commit of the release', async () => {
    const head = await git(clone, 'rev-parse', 'HEAD');
    for (const tag of (await git(remote, 'tag', '--list')).split('\n')) {
      expect(await git(remote, 'rev-parse', `${tag}^{commit}`)).toBe(head);
    }
  });
});

describe('the action', () => {
  it('is what `uses:` of the README names', async () => {
    const readme = await readFile(join(clone, 'packages/github-action/README.md'), 'utf8');
    const refs = [...readme.matchAll(/uses: signstash-connect\/signstash-connect@(\S+)/g)].map(([, ref]) => ref);
    expect(refs.length).toBeGreaterThan(0);
    expect(new Set(refs)).toEqual(new Set([moving]));
  });

  it('runs from a shallow clone of its tag, without an installation', async () => {
    const checkout = join(work, 'action');
    await git(work, 'clone', '--quiet', '--depth=1', `--branch=${moving}`, `file://${remote}`, checkout);
    const { runs } = parse(await readFile(join(checkout, 'action.yml'), 'utf8')) as { runs: { main: string } };
    const env = {
      PATH: process.env.PATH,
      GITHUB_WORKSPACE: work,
      RUNNER_TEMP: work,
      GITHUB_OUTPUT: '',
      INPUT_FILES: 'nothing/*.pdf',
      'INPUT_CLIENT-ID': 'a',
      'INPUT_CLIENT-SECRET': 'b',
      INPUT_ENVIRONMENT: 'staging',
    };
    const failed = run(process.execPath, [join(checkout, runs.main)], { cwd: work, env });
    // It got as far as looking for files: the bundle is whole.
    await expect(failed).rejects.toThrow('No file matches \\"nothing/*.pdf\\"'.replaceAll('\\', ''));
  });

  it('keeps its tags when nothing new is released', async () => {
    const before = await git(remote, 'show-ref', '--tags');
    await run(process.execPath, ['apps/release-lab/src/action-tags.ts', 'origin'], { cwd: clone });
    expect(await git(remote, 'show-ref', '--tags')).toBe(before);
  });
});
