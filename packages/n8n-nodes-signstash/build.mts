// Bundles what n8n loads by path: one CommonJS file each, with core inside, since a verified node has no dependencies.
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'rolldown';
import { type BundledModules, bundledLicenses } from '../../scripts/bundled-licenses.ts';
import manifest from './package.json' with { type: 'json' };

const root = import.meta.dirname;
rmSync(join(root, 'dist'), { recursive: true, force: true });
const bundles: BundledModules[] = [];
for (const output of [...manifest.n8n.nodes, ...manifest.n8n.credentials]) {
  const { output: chunks } = await build({
    cwd: root,
    input: output.replace(/^dist\//, '').replace(/\.js$/, '.ts'),
    platform: 'node',
    external: ['n8n-workflow'],
    resolve: { conditionNames: ['@signstash-connect/source', 'import', 'node', 'default'] },
    // Readable but without comments, a fifth of the code: the commented sources are in the repository.
    output: { file: join(root, output), format: 'cjs', codeSplitting: false, sourcemap: false, comments: false },
    logLevel: 'warn',
  });
  bundles.push(chunks[0].modules);
}
writeFileSync(join(root, 'dist/licenses.txt'), bundledLicenses(...bundles));
for (const node of manifest.n8n.nodes) {
  const folder = dirname(node);
  const codex = `${basename(node, '.js')}.json`;
  for (const file of [codex, 'signstash.svg', 'signstash.dark.svg']) {
    copyFileSync(join(root, folder.replace(/^dist\//, ''), file), join(root, folder, file));
  }
}
