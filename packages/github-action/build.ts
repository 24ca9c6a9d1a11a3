// Bundles the action into dist, byte for byte the same on every machine, with the licences of what is inside.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { parse } from 'yaml';

const here = import.meta.dirname;
const outdir = process.argv[2] ?? join(here, 'dist');

const { inputs } = parse(readFileSync(join(here, 'action.yml'), 'utf8')) as { inputs: Record<string, unknown> };
const known = `/** Made from action.yml by build.ts. */\nexport const knownInputs: readonly string[] = ${JSON.stringify(Object.keys(inputs), null, 2).replaceAll('"', "'").replace("'\n]", "',\n]")};\n`;
if (readFileSync(join(here, 'src/known-inputs.ts'), 'utf8') !== known)
  writeFileSync(join(here, 'src/known-inputs.ts'), known);

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ['src/index.ts'],
  outfile: join(outdir, 'index.js'),
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  // What is CommonJS inside asks for `require`, which an ES module does not have.
  banner: { js: "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);" },
  minify: true,
  keepNames: true,
  legalComments: 'none',
  conditions: ['@signstash-connect/source'],
  metafile: true,
  logLevel: 'warning',
});

const packages = new Map<string, string>();
for (const input of Object.keys(metafile.inputs)) {
  const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(join(here, input))?.[1];
  if (folder && !packages.has(folder)) packages.set(folder, notice(folder));
}
mkdirSync(outdir, { recursive: true });
writeFileSync(join(outdir, 'licenses.txt'), [...new Set(packages.values())].sort().join('\n'));

function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  for (const file of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license', 'LICENCE', 'license.md']) {
    try {
      return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n\n${'-'.repeat(80)}\n`;
    } catch {
      // Another spelling, then.
    }
  }
  return `${name} ${version} (${license})\n\n${'-'.repeat(80)}\n`;
}
