// Bundles what n8n loads by path: one CommonJS file each, with core inside, since a verified node has no dependencies.
import { copyFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'rolldown';
import manifest from './package.json' with { type: 'json' };

const root = import.meta.dirname;
rmSync(join(root, 'dist'), { recursive: true, force: true });
for (const output of [...manifest.n8n.nodes, ...manifest.n8n.credentials]) {
  await build({
    cwd: root,
    input: output.replace(/^dist\//, '').replace(/\.js$/, '.ts'),
    platform: 'node',
    external: ['n8n-workflow'],
    resolve: { conditionNames: ['@signstash-connect/source', 'import', 'node', 'default'] },
    output: { file: join(root, output), format: 'cjs', codeSplitting: false, sourcemap: false },
    logLevel: 'warn',
  });
}
for (const node of manifest.n8n.nodes) {
  const folder = dirname(node);
  const codex = `${basename(node, '.js')}.json`;
  for (const file of [codex, 'signstash.svg', 'signstash.dark.svg']) {
    copyFileSync(join(root, folder.replace(/^dist\//, ''), file), join(root, folder, file));
  }
}
