import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Newcomer } from './support/newcomer.ts';
import { block, root, section } from './support/readme.ts';

let newcomer: Newcomer;
beforeEach(async () => {
  newcomer = await Newcomer.create();
});
afterEach(() => newcomer.leave());

// Signing with the installed node, through n8n itself, is tested in apps/e2e/n8n.
it("installs as the README's command says, without n8n's own packages, and lists its node and credential", async () => {
  await newcomer.shell(block(section('packages/n8n-nodes-signstash/README.md', '## Install'), 'sh', 'npm install'));
  const modules = join(newcomer.home, '.n8n/nodes/node_modules');
  expect((await readdir(modules)).filter((name) => !name.startsWith('.'))).toEqual(['n8n-nodes-signstash']);
  const folder = join(modules, 'n8n-nodes-signstash');
  const { n8n } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    n8n: { nodes: string[]; credentials: string[] };
  };
  const list = `
    const { Module } = require('node:module');
    const resolve = Module._resolveFilename;
    // n8n gives its nodes its own n8n-workflow.
    const provided = ${JSON.stringify(join(root, 'packages/n8n-nodes-signstash/node_modules/n8n-workflow'))};
    Module._resolveFilename = (name, ...rest) => resolve(name === 'n8n-workflow' ? provided : name, ...rest);
    for (const path of ${JSON.stringify([...n8n.nodes, ...n8n.credentials].map((path) => join(folder, path)))}) {
      for (const Type of Object.values(require(path))) {
        const { description, name, displayName } = new Type();
        console.log(description?.displayName ?? displayName, description?.name ?? name);
      }
    }`;
  await newcomer.write('list.cjs', list);
  expect((await newcomer.shell('node list.cjs')).trim().split('\n')).toEqual([
    "Sign'Stash signStash",
    "Sign'Stash OAuth2 API signStashOAuth2Api",
  ]);
});

it('contains the example workflows that its README names', async () => {
  await newcomer.shell(block(section('packages/n8n-nodes-signstash/README.md', '## Install'), 'sh', 'npm install'));
  const readme = await readFile(join(root, 'packages/n8n-nodes-signstash/README.md'), 'utf8');
  const named = [...readme.matchAll(/\/examples\/([\w-]+\.json)/g)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(0);
  const folder = join(newcomer.home, '.n8n/nodes/node_modules/n8n-nodes-signstash/examples');
  expect(await readdir(folder)).toEqual(expect.arrayContaining(named));
});
