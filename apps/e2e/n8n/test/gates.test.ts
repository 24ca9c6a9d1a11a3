import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { packageFolder } from './support/packed-node.ts';
import { run } from './support/run.ts';

const tools = inject('tools');
const packed = inject('packed');
const env = {
  // Without pnpm's settings, since npm, which n8n's tool runs, warns about them.
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))),
  // In their own test environment, the linter's rules treat every file as a node file.
  NODE_ENV: 'production',
  // With this variable, the tool starts the compiler whatever the lock file.
  npm_config_user_agent: 'npm',
};
const scanScript = new URL('./support/scan.mjs', import.meta.url).pathname;
const sourcePatterns = ['package.json', '{nodes,credentials}/**/*.{js,ts,json}'];
const publishedPatterns = ['**/*.js', 'package.json'];

/** A copy of the package's source below the linter's own node_modules, which the workspace does not have. */
let source: string;
let sourceParent: string;
/** A copy of what is published, to be damaged. */
let damaged: string;

beforeAll(async () => {
  sourceParent = await mkdtemp(join(tools.gates, 'package-'));
  source = join(sourceParent, 'packages/source');
  await mkdir(source, { recursive: true });
  const parts = ['package.json', 'eslint.config.mjs', 'tsconfig.json', 'credentials', 'nodes', 'README.md', 'LICENSE'];
  for (const name of parts) await cp(join(packageFolder, name), join(source, name), { recursive: true });
  // Types for the rules that need them: the base of the compiler's settings, and core.
  await cp(join(packageFolder, '../../tsconfig.base.json'), join(sourceParent, 'tsconfig.base.json'));
  await mkdir(join(sourceParent, 'node_modules/@signstash-connect'), { recursive: true });
  await symlink(join(packageFolder, '../core'), join(sourceParent, 'node_modules/@signstash-connect/core'));
  await mkdir(join(sourceParent, 'node_modules/@types'));
  await symlink(join(packageFolder, 'node_modules/@types/node'), join(sourceParent, 'node_modules/@types/node'));
  await mkdir(join(source, 'node_modules'));
  await symlink(join(tools.gates, 'node_modules/.bin'), join(source, 'node_modules/.bin'));
  damaged = await mkdtemp(join(tmpdir(), 'e2e-n8n-damaged-'));
  await cp(packed.folder, damaged, { recursive: true });
});
afterAll(async () => {
  await rm(sourceParent, { recursive: true });
  await rm(damaged, { recursive: true });
});

async function n8nNode(command: 'build' | 'lint') {
  const cli = join(tools.gates, 'node_modules/@n8n/node-cli/bin/n8n-node.mjs');
  const { exitCode, stdout, stderr } = await run(tools.node, [cli, command], { cwd: source, env });
  return { exitCode, text: stdout + stderr };
}

async function scan(folder: string, patterns: string[]) {
  const { stdout, stderr } = await run(tools.node, [scanScript, tools.gates, folder, ...patterns], { env });
  const result = stdout.split('\n').find((line) => line.startsWith('{'));
  if (!result) throw new Error(stdout + stderr);
  return JSON.parse(result) as { passed: boolean; details?: string };
}

describe('n8n’s own checks', () => {
  it('lint the source in strict mode', async () => {
    const { exitCode, text } = await n8nNode('lint');
    // Warnings alone would leave the exit code at 0.
    expect(text).not.toMatch(/\d+ problems? \(/);
    expect(exitCode).toBe(0);
  });

  it('refuse another linter configuration in strict mode', async () => {
    const config = join(source, 'eslint.config.mjs');
    const genuine = await readFile(config);
    await appendFile(config, '\nexport const own = [];\n');
    expect(await n8nNode('lint')).toMatchObject({ exitCode: 1, text: expect.stringMatching(/strict/i) });
    await cp(join(packageFolder, 'eslint.config.mjs'), config);
    expect(await readFile(config)).toEqual(genuine);
  });

  it('report warnings of the linter', async () => {
    const manifest = join(source, 'package.json');
    const { homepage: _, ...rest } = JSON.parse(await readFile(manifest, 'utf8')) as Record<string, unknown>;
    await writeFile(manifest, JSON.stringify(rest));
    expect((await n8nNode('lint')).text).toMatch(/1 problem \(0 errors, 1 warning\)/);
    await cp(join(packageFolder, 'package.json'), manifest);
  });

  it('scan the source', async () => {
    expect(await scan(source, sourcePatterns)).toEqual({ passed: true });
  });

  it('scan what is published', async () => {
    expect(await scan(packed.folder, publishedPatterns)).toEqual({ passed: true });
  });

  it('refuse forbidden globals', async () => {
    const code = '\nsetTimeout(() => process.env.HOME, 1);\n';
    await appendFile(join(damaged, 'dist/nodes/SignStash/SignStash.node.js'), code);
    const { passed, details } = await scan(damaged, publishedPatterns);
    expect(passed).toBe(false);
    expect(details).toContain('setTimeout');
    expect(details).toContain('process');
  });

  it('compile the source with n8n’s compiler', async () => {
    expect(await n8nNode('build')).toMatchObject({ exitCode: 0, text: expect.stringContaining('Build successful') });
    expect(await readdir(join(source, 'dist/nodes/SignStash'))).toEqual(['signstash.dark.svg', 'signstash.svg']);
  });

  it('refuse a wrong type when compiling', async () => {
    await appendFile(join(source, 'nodes/SignStash/SignStash.node.ts'), '\nexport const wrong: number = "text";\n');
    expect((await n8nNode('build')).exitCode).not.toBe(0);
  });
});

describe('what is published', () => {
  it('is bundled: it has no dependencies and requires only n8n and Node', async () => {
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

  it('is below 100 KiB and contains only the files that n8n and npm need', async () => {
    const files = (await readdir(packed.folder, { recursive: true, withFileTypes: true })).filter((file) =>
      file.isFile(),
    );
    const paths = files.map(({ parentPath, name }) => join(parentPath, name));
    expect(paths.map((path) => path.slice(packed.folder.length + 1)).sort()).toEqual([
      'LICENSE',
      'README.md',
      'dist/credentials/SignStashOAuth2Api.credentials.js',
      'dist/licenses.txt',
      'dist/nodes/SignStash/SignStash.node.js',
      'dist/nodes/SignStash/SignStash.node.json',
      'dist/nodes/SignStash/signstash.dark.svg',
      'dist/nodes/SignStash/signstash.svg',
      'examples/month-end-folder.json',
      'examples/sign-and-email.json',
      'examples/sign-webhook-upload.json',
      'package.json',
    ]);
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
    const unpacked = sizes.reduce((sum, size) => sum + size, 0);
    const kibibytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;
    console.log(`Published: ${kibibytes(packed.size)}, unpacked ${kibibytes(unpacked)}, 0 runtime dependencies.`);
    expect(packed.size).toBeLessThan(100 * 1024);
  });
});
