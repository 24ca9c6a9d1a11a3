// Bundles the action, byte for byte the same on every machine, with the licences of what is inside.
// `node build.ts [folder]`; default: dist, which is committed, since that is what `uses:` runs.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'rolldown';
import { parse } from 'yaml';
import { bundledLicenses } from '../../scripts/bundled-licenses.ts';

const root = import.meta.dirname;
const folder = process.argv[2] ?? join(root, 'dist');

const { output } = await build({
  cwd: root,
  input: 'src/index.ts',
  platform: 'node',
  write: false,
  logLevel: 'warn',
  resolve: { conditionNames: ['@signstash-connect/source', 'import', 'node', 'default'] },
  // Drops what is imported and not used: @actions/core brings an HTTP client of 400 kB for functions that we never call.
  // libxml2-wasm adds symbols to the language, in modules that export nothing.
  treeshake: { moduleSideEffects: (id) => !id.includes('/node_modules/') || id.includes('/libxml2-wasm/') },
  plugins: [
    {
      name: 'action.yml as a module',
      load: (id) =>
        id.endsWith('.yml')
          ? { code: `export default ${JSON.stringify(parse(readFileSync(id, 'utf8')))}`, moduleType: 'js' }
          : undefined,
    },
  ],
  // What is imported on demand becomes a separate file, named after its package: libraries, verification, and XML for it.
  output: {
    format: 'esm',
    minify: true,
    chunkFileNames: ({ facadeModuleId }) => `${packageName(facadeModuleId ?? '') ?? '[name]'}.js`,
  },
});
const chunks = output.filter((file) => file.type === 'chunk');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const { fileName, code } of chunks) writeFileSync(join(folder, fileName), code);
writeFileSync(join(folder, 'licenses.txt'), bundledLicenses(...chunks.map(({ modules }) => modules)));

function packageName(path: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?([^/]+)/.exec(path.replaceAll('\\', '/'))?.[1];
}
