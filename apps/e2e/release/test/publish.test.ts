import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '@signstash-connect/testing/registry';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { verifySignature } from '../../../../packages/sandbox/test/support/pdfsig.ts';
import { Consumer, type Installer } from './support/consumer.ts';
import { planned } from './support/released-clone.ts';
import { commonJs, esm, middleware, types } from './support/samples.ts';

const released = inject('released');
const core = '@signstash-connect/core';
const express = '@signstash-connect/express';
const n8n = 'n8n-nodes-signstash';
const sandbox = '@signstash-connect/sandbox';
const published = [core, express, n8n, sandbox];
/** A version that leads into the workspace instead of to the registry. */
const workspaceOnly = /"(workspace|catalog|file|link):/;
const tsc = new URL('../node_modules/.bin/tsc', import.meta.url).pathname;
const invoice = new URL('../../../../packages/sandbox/test/fixtures/cairo.pdf', import.meta.url).pathname;

const inEvery = ['LICENSE', 'README.md', 'dist', 'package.json'];
/** What each package consists of. Sources are where the maps in `dist` lead debuggers and editors to. */
const contents: Record<string, string[]> = {
  [core]: [...inEvery, 'src'],
  [express]: [...inEvery, 'src'],
  [n8n]: [...inEvery, 'examples'],
  [sandbox]: [...inEvery, 'openapi.json', 'src'],
};

interface Manifest {
  version: string;
  dependencies?: Record<string, string>;
  n8n?: { nodes: string[]; credentials: string[] };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

/** Checks the output of a program and removes it, so that no later program passes with it. */
async function expectSigned(consumer: Consumer): Promise<void> {
  const path = join(consumer.folder, 'signed.pdf');
  const signed = await readFile(path);
  await rm(path);
  const ca = await readFile(join(consumer.folder, 'ca.pem'), 'utf8');
  expect(await verifySignature(signed, ca)).toMatchObject({ valid: true, trusted: true, totalDocumentSigned: true });
}

describe('the registry', () => {
  describe.each(published)('has %s', (name) => {
    let folder: string;
    let manifest: string;

    beforeAll(async () => {
      folder = join(released.work, 'unpacked', name);
      await mkdir(folder, { recursive: true });
      const answer = await fetch(`${released.registry}/${name.replace('/', '%2f')}/${released.versions[name]}`);
      const { dist } = (await answer.json()) as { dist: { tarball: string } };
      const tarball = join(folder, 'it.tgz');
      await writeFile(tarball, Buffer.from(await (await fetch(dist.tarball)).arrayBuffer()));
      await run('tar', ['xzf', tarball], { cwd: folder });
      manifest = await readFile(join(folder, 'package/package.json'), 'utf8');
      const files = await filesBelow(join(folder, 'package'));
      const unpacked = (await Promise.all(files.map((file) => stat(file)))).reduce((sum, { size }) => sum + size, 0);
      const { version, dependencies = {} } = JSON.parse(manifest) as Manifest;
      console.log(
        `${name} ${version}: ${(await stat(tarball)).size} bytes packed, ${unpacked} unpacked, ${files.length} files, ` +
          `dependencies: ${Object.keys(dependencies).join(', ') || 'none'}`,
      );
    });

    it('in the version that was released, with nothing that only the workspace knows', () => {
      expect((JSON.parse(manifest) as Manifest).version).toBe(released.versions[name]);
      expect(manifest).not.toMatch(workspaceOnly);
    });

    it('with all of its files, and no others', async () => {
      expect((await readdir(join(folder, 'package'))).sort()).toEqual([...(contents[name] as string[])].sort());
      for (const file of await filesBelow(join(folder, 'package'))) {
        expect(file).not.toMatch(/\.test\.|tsbuildinfo|\/test\/|node_modules/);
      }
    });

    it('with every source that its maps name', async () => {
      const maps = (await filesBelow(join(folder, 'package'))).filter((file) => file.endsWith('.map'));
      expect(maps.length > 0).toBe((contents[name] as string[]).includes('src'));
      for (const map of maps) {
        const { sources } = JSON.parse(await readFile(map, 'utf8')) as { sources: string[] };
        expect(sources.length).toBeGreaterThan(0);
        for (const source of sources) expect(existsSync(join(dirname(map), source))).toBe(true);
      }
    });
  });

  it('could not have been packed by npm, which does not support workspaces', async () => {
    const packed = await run('npm', ['pack', '--json', '--pack-destination', released.work], {
      cwd: join(released.clone, 'packages/express'),
    });
    const [tarball] = /signstash-connect-express-[\w.]+\.tgz/.exec(packed) ?? [];
    expect(await run('tar', ['xzOf', `${tarball}`, 'package/package.json'], { cwd: released.work })).toMatch(
      workspaceOnly,
    );
  });

  it('has neither the action nor any app', async () => {
    for (const name of ['@signstash-connect/github-action', '@signstash-connect/demo']) {
      expect((await fetch(`${released.registry}/${name.replace('/', '%2f')}`)).status).toBe(404);
    }
  });

  it('is complete: a second run of the workflow publishes nothing', async () => {
    expect(await planned(released.clone, released.work, released.registry)).toEqual([]);
  });
});

describe.each<Installer>(['npm', 'pnpm'])('a project that installs with %s', (installer) => {
  let consumer: Consumer;

  beforeAll(async () => {
    consumer = await Consumer.create(released, installer, [
      core,
      express,
      sandbox,
      'express@5.3.0',
      '@types/express@5',
      '@types/node@22',
    ]);
    await copyFile(invoice, join(consumer.folder, 'invoice.pdf'));
  });

  it('contains every file', async () => {
    for (const name of [core, express, sandbox]) {
      expect((await consumer.where(name)).startsWith(consumer.folder)).toBe(true);
    }
    const links = await consumer.links();
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect([link, (await realpath(link)).startsWith(consumer.folder)]).toEqual([link, true]);
  });

  it.each(['import', 'require'])('signs with the package loaded by %s', async (way) => {
    const file = way === 'import' ? 'sign.mjs' : 'sign.cjs';
    await consumer.write(file, way === 'import' ? esm : commonJs);
    await consumer.run(file);
    await expectSigned(consumer);
  });

  it.each(Object.entries(released.nodes))('signs under Node %s', async (_, node) => {
    await consumer.write('sign.mjs', esm);
    await consumer.run('sign.mjs', [], node);
    await expectSigned(consumer);
  });

  it('signs in an Express route', async () => {
    await consumer.write('server.mjs', middleware);
    await consumer.run('server.mjs');
    await expectSigned(consumer);
  });

  it.each(['nodenext', 'bundler'])('finds the types by moduleResolution %s', async (moduleResolution) => {
    await consumer.write('types.ts', types);
    const settings = ['--module', moduleResolution === 'bundler' ? 'preserve' : 'nodenext'];
    const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2023', '--types', 'node'];
    await run(tsc, [...settings, '--moduleResolution', moduleResolution, ...strict, 'types.ts'], {
      cwd: consumer.folder,
    });
  });

  it('has the sandbox as a command', async () => {
    const command = join(consumer.folder, 'node_modules/.bin/signstash-sandbox');
    expect((await run(command, ['--version'], { cwd: consumer.folder })).trim()).toBe(released.versions[sandbox]);
  });
});

it('the n8n node loads by the paths that n8n uses, without dependencies', async () => {
  const consumer = await Consumer.create(released, 'npm', [n8n]);
  expect(await readdir(join(consumer.folder, 'node_modules'))).toEqual(['.package-lock.json', n8n]);
  const manifest = JSON.parse(await readFile(join(await consumer.where(n8n), 'package.json'), 'utf8')) as Manifest;
  expect(manifest.dependencies).toBeUndefined();
  const workflow = new URL('../../../../packages/n8n-nodes-signstash/node_modules/n8n-workflow', import.meta.url)
    .pathname;
  await consumer.write(
    'load.cjs',
    `const { Module } = require('node:module');
    const resolve = Module._resolveFilename;
    // n8n gives its nodes its own n8n-workflow.
    Module._resolveFilename = (name, ...rest) => resolve(name === 'n8n-workflow' ? ${JSON.stringify(workflow)} : name, ...rest);
    const { SignStash } = require('n8n-nodes-signstash/${manifest.n8n?.nodes[0]}');
    const { SignStashOAuth2Api } = require('n8n-nodes-signstash/${manifest.n8n?.credentials[0]}');
    console.log(new SignStash().description.name, new SignStashOAuth2Api().name);`,
  );
  expect((await consumer.run('load.cjs')).trim()).toBe('signStash signStashOAuth2Api');
});
