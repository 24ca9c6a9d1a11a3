import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const biome = join(root, 'node_modules/.bin/biome');

/** Lowest first; folders of one entry may import each other. See ARCHITECTURE.md. */
const layers = [
  ['utils', 'errors'],
  ['api'],
  ['signing'],
  ['auth'],
  ['http'],
  ['files'],
  ['locks'],
  ['batch'],
  ['results'],
  ['adapters'],
];

/** Which of these files, each with one import, the linter refuses by the repository's own configuration. */
function refusedFiles(files: Readonly<Record<string, string>>, rule = 'style/noRestrictedImports'): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'signstash-lint-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  copyFileSync(join(root, '.biome.json'), join(folder, '.biome.json'));
  for (const [path, specifier] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `export { a } from '${specifier}';\n`);
  }
  const args = ['lint', '--vcs-enabled=false', `--only=${rule}`, '--reporter=github', '--max-diagnostics=none'];
  const { stdout, stderr } = spawnSync(biome, [...args, '.'], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  expect(stdout + stderr).toContain(rule.split('/')[1]);
  return Object.keys(files).filter((path) => stdout.includes(`/${path},line=`));
}

it('knows every folder of core', () => {
  const folders = readdirSync(join(root, 'packages/core/src'), { withFileTypes: true }).filter((each) =>
    each.isDirectory(),
  );
  expect(folders.map(({ name }) => name).sort()).toEqual(layers.flat().sort());
});

it('refuses imports of a higher layer and accepts those of a lower one', () => {
  const files: Record<string, string> = {};
  const wrong: string[] = [];
  for (const [rank, folders] of layers.entries()) {
    for (const folder of folders) {
      for (const [otherRank, others] of layers.entries()) {
        for (const other of others) {
          for (const [depth, up] of [
            ['', '../'],
            ['deep/', '../../'],
          ] as const) {
            const path = `packages/core/src/${folder}/${depth}to-${other}.ts`;
            files[path] = `${up}${other}/x.ts`;
            if (otherRank > rank) wrong.push(path);
          }
        }
      }
      const entry = `packages/core/src/${folder}/to-entry.ts`;
      files[entry] = '../signstash.ts';
      wrong.push(entry);
    }
  }
  expect(refusedFiles(files).sort()).toEqual(wrong.sort());
});

it('refuses imports of an adapter, of core by the sandbox, and of sources by path', () => {
  const files = {
    'packages/core/src/batch/a.ts': '../../../sandbox/src/index.ts',
    'packages/express/test/b.ts': '../../core/src/index.ts',
    'packages/express/src/c.ts': '@signstash-connect/github-action',
    'packages/github-action/src/d.ts': '@signstash-connect/express',
    'packages/n8n-nodes-signstash/nodes/e.ts': '@signstash-connect/express',
    'packages/sandbox/src/f.ts': '@signstash-connect/core',
    'packages/sandbox/src/g.ts': '@signstash-connect/core/client',
    'apps/demo/src/h.ts': '../../../packages/core/src/index.ts',
  };
  const allowed = {
    'packages/express/src/i.ts': '@signstash-connect/core/adapter',
    'packages/express/test/j.ts': '../src/index.ts',
    'apps/demo/src/k.ts': '@signstash-connect/express',
  };
  expect(refusedFiles({ ...files, ...allowed })).toEqual(Object.keys(files));
});

it('refuses import cycles between files, direct and through other files', () => {
  const cycles = {
    'packages/core/src/api/a.ts': './b.ts',
    'packages/core/src/api/b.ts': './a.ts',
    'packages/express/src/c.ts': './d/d.ts',
    'packages/express/src/d/d.ts': '../e.ts',
    'packages/express/src/e.ts': './c.ts',
  };
  const allowed = { 'packages/core/src/api/f.ts': './g.ts', 'packages/core/src/api/g.ts': 'node:fs' };
  expect(refusedFiles({ ...cycles, ...allowed }, 'suspicious/noImportCycles')).toEqual(Object.keys(cycles));
});
