import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { verifySeal } from '../../sandbox/test/support/pdfsig.ts';
import { Consumer, type Installer } from './support/consumer.ts';
import { run } from './support/run.ts';
import { commonJs, esm, middleware, types } from './support/samples.ts';

const released = inject('released');
const core = '@signstash-connect/core';
const express = '@signstash-connect/express';
const n8n = 'n8n-nodes-signstash';
const sandbox = '@signstash-connect/sandbox';
const published = [core, express, n8n, sandbox];
const tsc = new URL('../node_modules/.bin/tsc', import.meta.url).pathname;
const invoice = new URL('../../sandbox/test/fixtures/cairo.pdf', import.meta.url).pathname;

interface PublishedManifest {
  version: string;
  dist: { tarball: string };
}

const manifestOf = async (name: string): Promise<PublishedManifest> => {
  const answer = await fetch(`${released.registry}/${name.replace('/', '%2f')}`);
  const { versions } = (await answer.json()) as { versions: Record<string, PublishedManifest> };
  return versions[released.versions[name] as string] as PublishedManifest;
};

async function expectSealed(consumer: Consumer): Promise<void> {
  const sealed = await readFile(join(consumer.folder, 'sealed.pdf'));
  const ca = await readFile(join(consumer.folder, 'ca.pem'), 'utf8');
  expect(await verifySeal(sealed, ca)).toMatchObject({ valid: true, trusted: true, totalDocumentSigned: true });
}

describe('the registry', () => {
  it.each(published)('has %s, with nothing that only the workspace knows', async (name) => {
    const { version, dist } = await manifestOf(name);
    expect(version).toBe(released.versions[name]);
    const tarball = join(released.work, `${name.replace('/', '-')}.tgz`);
    await writeFile(tarball, Buffer.from(await (await fetch(dist.tarball)).arrayBuffer()));
    const tar = (...args: string[]) => run('tar', [...args, tarball], { cwd: released.work });
    const manifest = await run('tar', ['xzOf', tarball, 'package/package.json'], { cwd: released.work });
    expect(manifest).not.toMatch(/"(workspace|catalog|file|link):/);
    const files = (await tar('tzvf')).trim().split('\n');
    const unpacked = files.reduce((sum, line) => sum + Number(line.split(/\s+/)[2]), 0);
    const { dependencies = {} } = JSON.parse(manifest) as { dependencies?: Record<string, string> };
    const { size } = await stat(tarball);
    console.log(
      `${name} ${version}: ${size} bytes packed, ${unpacked} unpacked, ${files.length} files, ` +
        `${Object.keys(dependencies).length} dependencies`,
    );
  });

  it('has neither the action nor any app', async () => {
    for (const name of ['@signstash-connect/github-action', '@signstash-connect/demo']) {
      expect((await fetch(`${released.registry}/${name.replace('/', '%2f')}`)).status).toBe(404);
    }
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

  it('holds every file in itself', async () => {
    for (const name of [core, express, sandbox]) {
      expect((await consumer.where(name)).startsWith(consumer.folder)).toBe(true);
      expect(await readdir(await consumer.where(name))).toEqual(
        expect.arrayContaining(['LICENSE', 'README.md', 'dist', 'package.json']),
      );
    }
  });

  it.each(['import', 'require'])('seals with what it gets by %s', async (way) => {
    const file = way === 'import' ? 'seal.mjs' : 'seal.cjs';
    await consumer.write(file, way === 'import' ? esm : commonJs);
    await consumer.run(file);
    await expectSealed(consumer);
  });

  it.each(Object.entries(released.nodes))('seals under Node %s', async (_, node) => {
    await consumer.write('seal.mjs', esm);
    await consumer.run('seal.mjs', node);
    await expectSealed(consumer);
  });

  it('seals in an Express route', async () => {
    await consumer.write('server.mjs', middleware);
    await consumer.run('server.mjs');
    await expectSealed(consumer);
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
    const { stdout } = {
      stdout: await run(join(consumer.folder, 'node_modules/.bin/signstash-sandbox'), ['--version'], {
        cwd: consumer.folder,
      }),
    };
    expect(stdout.trim()).toBe(released.versions[sandbox]);
  });
});

it('the n8n node loads by the paths that n8n takes, and brings nothing along', async () => {
  const consumer = await Consumer.create(released, 'npm', [n8n]);
  expect(await readdir(join(consumer.folder, 'node_modules'))).toEqual(['.package-lock.json', n8n]);
  const manifest = JSON.parse(await readFile(join(await consumer.where(n8n), 'package.json'), 'utf8'));
  expect(manifest.dependencies).toBeUndefined();
  const workflow = new URL('../../../packages/n8n-nodes-signstash/node_modules/n8n-workflow', import.meta.url).pathname;
  await consumer.write(
    'load.cjs',
    `const { Module } = require('node:module');
    const resolve = Module._resolveFilename;
    // n8n gives its nodes its own n8n-workflow.
    Module._resolveFilename = (name, ...rest) => resolve(name === 'n8n-workflow' ? ${JSON.stringify(workflow)} : name, ...rest);
    const { SignStash } = require('n8n-nodes-signstash/${manifest.n8n.nodes[0]}');
    const { SignStashOAuth2Api } = require('n8n-nodes-signstash/${manifest.n8n.credentials[0]}');
    console.log(new SignStash().description.name, new SignStashOAuth2Api().name);`,
  );
  expect((await consumer.run('load.cjs')).trim()).toBe('signStash signStashOAuth2Api');
});
