import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { packageFolder } from './support/packed-node.ts';
import { run } from './support/run.ts';

const toolbox = inject('toolbox');
const packed = inject('packed');
/** Its rules hold everything for a node file where they believe to be tested themselves. */
const env = { ...process.env, NODE_ENV: 'production' };
const scanScript = new URL('./support/scan.mjs', import.meta.url).pathname;

/** A copy of the package's source below the linter's own node_modules, which the workspace does not have. */
let source: string;

beforeAll(async () => {
  const parent = await mkdtemp(join(toolbox.gates, 'package-'));
  source = join(parent, 'packages/source');
  await mkdir(source, { recursive: true });
  for (const name of [
    'package.json',
    'eslint.config.mjs',
    'tsconfig.json',
    'credentials',
    'nodes',
    'README.md',
    'LICENSE',
  ]) {
    await cp(join(packageFolder, name), join(source, name), { recursive: true });
  }
  // Types for the rules that need them: the base of the compiler's settings, and core.
  await cp(join(packageFolder, '../../tsconfig.base.json'), join(parent, 'tsconfig.base.json'));
  await mkdir(join(parent, 'node_modules/@signstash-connect'), { recursive: true });
  await symlink(join(packageFolder, '../core'), join(parent, 'node_modules/@signstash-connect/core'));
});
afterAll(() => rm(dirname(dirname(source)), { recursive: true }));

const scan = async (folder: string, patterns: string[]) => {
  const { stdout, stderr } = await run(toolbox.node, [scanScript, toolbox.gates, folder, ...patterns], { env });
  const result = stdout.split('\n').find((line) => line.startsWith('{'));
  return result ? (JSON.parse(result) as { passed: boolean; details?: string }) : stdout + stderr;
};

describe('n8n’s own gates', () => {
  it('lint the source in strict mode', async () => {
    const cli = join(toolbox.gates, 'node_modules/@n8n/node-cli/bin/n8n-node.mjs');
    const { exitCode, stdout, stderr } = await run(toolbox.node, [cli, 'lint'], { cwd: source, env });
    expect(stdout + stderr).not.toMatch(/\b(error|warning)\b/);
    expect(exitCode).toBe(0);
  });

  it('scan the source', async () => {
    expect(await scan(source, ['package.json', '{nodes,credentials}/**/*.{js,ts,json}'])).toEqual({ passed: true });
  });

  it('scan what is published', async () => {
    expect(await scan(packed.folder, ['**/*.js', 'package.json'])).toEqual({ passed: true });
  });
});

describe('what is published', () => {
  it('is bundled: it has no dependencies and asks for nothing but n8n and Node', async () => {
    const manifest = JSON.parse(await readFile(join(packed.folder, 'package.json'), 'utf8')) as Record<string, object>;
    expect(manifest.dependencies).toBeUndefined();
    expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
    const scripts = ['dist/nodes/SignStash/SignStash.node.js', 'dist/credentials/SignStashOAuth2Api.credentials.js'];
    for (const script of scripts) {
      const code = await readFile(join(packed.folder, script), 'utf8');
      const required = [...code.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name);
      expect(['n8n-workflow', 'node:crypto']).toEqual(expect.arrayContaining(required));
    }
  });

  it('is small, and holds what n8n shows', async () => {
    console.log(`The tarball has ${(packed.size / 1024).toFixed(1)} KiB.`);
    expect(packed.size).toBeLessThan(100 * 1024);
    expect(await readdir(join(packed.folder, 'dist/nodes/SignStash'))).toEqual(
      expect.arrayContaining(['SignStash.node.json', 'signstash.svg', 'signstash.dark.svg']),
    );
  });
});
