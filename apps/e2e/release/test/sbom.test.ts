import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { run } from '@signstash-connect/testing/registry';
import { beforeAll, expect, inject, it } from 'vitest';
import { Consumer } from './support/consumer.ts';

const released = inject('released');
const folder = join(released.work, 'sbom');
const core = '@signstash-connect/core';

interface Bom {
  metadata: { component: { name: string; version: string } };
  components: { group?: string; name: string; version: string }[];
}

beforeAll(async () => {
  await run(process.execPath, ['scripts/release/sbom.ts', folder], { cwd: released.clone });
});

const files = async () => (await readdir(folder)).sort();
const read = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8')) as Bom;
const parts = ({ components }: Bom) =>
  components.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name}@${version}`);

it('a valid SBOM exists for every released package', async () => {
  expect(await files()).toHaveLength(Object.keys(released.versions).length);
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  for (const name of await files()) {
    const text = await readFile(join(folder, name), 'utf8');
    expect([name, await validator.validate(text)]).toEqual([name, null]);
    expect(await validator.validate(text.replace('"library"', '"book"'))).not.toBeNull();
  }
});

it('lists exactly the packages that an installation of core contains', async () => {
  const consumer = await Consumer.create(released, 'npm', [core]);
  const lock = JSON.parse(await readFile(join(consumer.folder, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  const installed = Object.entries(lock.packages)
    .map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`)
    .filter((part) => !part.startsWith(core));
  const bom = await read(`signstash-connect-core-${released.versions[core]}.cdx.json`);
  expect(parts(bom).sort()).toEqual(installed.sort());
});

it('lists bundled packages', async () => {
  const n8n = await read(`n8n-nodes-signstash-${released.versions['n8n-nodes-signstash']}.cdx.json`);
  expect(parts(n8n)).toEqual(
    expect.arrayContaining([`${core}@${released.versions[core]}`, expect.stringMatching(/^fflate@/)]),
  );
  const action = await read(
    `signstash-connect-github-action-${released.versions['@signstash-connect/github-action']}.cdx.json`,
  );
  expect(parts(action)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^@actions\/core@/), expect.stringMatching(/^ky@/)]),
  );
});

it('is attached to the releases that this commit made, and to no older ones', async () => {
  const bin = join(released.work, 'bin');
  const calls = join(released.work, 'gh-calls');
  await mkdir(bin);
  await writeFile(join(bin, 'gh'), `#!/bin/sh\necho "$@" >>'${calls}'\n`);
  await chmod(join(bin, 'gh'), 0o755);
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const attach = (cwd: string) => run(process.execPath, ['scripts/release/attach-sbom.ts', folder], { cwd, env });

  await attach(released.clone);
  const uploads = (await readFile(calls, 'utf8')).trim().split('\n').sort();
  const tags = Object.entries(released.versions).map(([name, version]) => `${name}@${version}`);
  expect(uploads.map((call) => call.split(' ')[2])).toEqual(tags.sort());
  for (const call of uploads) expect(call).toMatch(/^release upload \S+ \S+\.cdx\.json --clobber$/);

  const later = join(released.work, 'later');
  await run('git', ['clone', '--quiet', released.remote, later], { cwd: released.work });
  const identity = ['-c', 'user.name=Release Test', '-c', 'user.email=release@example.com'];
  await run('git', [...identity, 'commit', '--quiet', '--allow-empty', '--message', 'Later'], { cwd: later });
  await attach(later);
  expect((await readFile(calls, 'utf8')).trim().split('\n')).toHaveLength(tags.length);
});
