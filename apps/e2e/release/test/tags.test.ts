import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@signstash-connect/testing/registry';
import { describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { verifySignature } from '../../../../packages/sandbox/test/support/pdfsig.ts';
import { Consumer } from './support/consumer.ts';
import { action } from './support/samples.ts';

const { clone, registry, remote, work, versions } = inject('released');
const invoice = new URL('../../../../packages/sandbox/test/fixtures/cairo.pdf', import.meta.url).pathname;
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
  it('is the one that `uses:` in the README refers to', async () => {
    const readme = await readFile(join(clone, 'packages/github-action/README.md'), 'utf8');
    const refs = [...readme.matchAll(/uses: signstash-connect\/signstash-connect@(\S+)/g)].map(([, ref]) => ref);
    expect(refs.length).toBeGreaterThan(0);
    expect(new Set(refs)).toEqual(new Set([moving]));
  });

  it('signs from a shallow clone of its tag, without an installation', async () => {
    const checkout = join(work, 'action');
    await git(work, 'clone', '--quiet', '--depth=1', `--branch=${moving}`, `file://${remote}`, checkout);
    const { inputs, runs } = parse(await readFile(join(checkout, 'action.yml'), 'utf8')) as {
      inputs: Record<string, { default?: string }>;
      runs: { main: string };
    };
    const declared = Object.entries(inputs).map(([name, { default: value = '' }]) => [name, value]);
    const job = await Consumer.create({ work, registry }, 'npm', ['@signstash-connect/sandbox']);
    await copyFile(invoice, join(job.folder, 'invoice.pdf'));
    await job.write('action.mjs', action);
    await job.run('action.mjs', [join(checkout, runs.main), JSON.stringify(Object.fromEntries(declared))]);
    const signed = await readFile(join(job.folder, 'invoice-signed.pdf'));
    const ca = await readFile(join(job.folder, 'ca.pem'), 'utf8');
    expect(await verifySignature(signed, ca)).toMatchObject({ valid: true, trusted: true, totalDocumentSigned: true });
  });

  it('keeps its tags when nothing new is released', async () => {
    const before = await git(remote, 'show-ref', '--tags');
    await run(process.execPath, ['scripts/release/action-tags.ts', 'origin'], { cwd: clone });
    expect(await git(remote, 'show-ref', '--tags')).toBe(before);
  });
});
