// Bundles the entries of the package in the current folder, its exports and programs, into dist: one file each and one for what
// they share, since every file that Node resolves and opens costs start-up time. Dependencies stay imports, and what is imported
// on demand stays so. Type declarations come from the compiler.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'rolldown';

interface Manifest {
  exports?: Record<string, string | { default: string }>;
  bin?: Record<string, string>;
}

const folder = process.cwd();
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
const outputs = [
  ...Object.values(manifest.exports ?? {}).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default])),
  ...Object.values(manifest.bin ?? {}),
];
const entries = outputs.map((path) => /^\.\/dist\/(.*)\.js$/.exec(path)?.[1] ?? fail(path));

// Files of an earlier build would be published too.
rmSync(join(folder, 'dist'), { recursive: true, force: true });
await build({
  cwd: folder,
  input: Object.fromEntries(entries.map((entry) => [entry, `src/${entry}.ts`])),
  platform: 'node',
  external: /^[^./]/,
  output: {
    dir: join(folder, 'dist'),
    format: 'esm',
    sourcemap: true,
    // They are published beside it.
    sourcemapExcludeSources: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    comments: false,
    codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
  },
  logLevel: 'warn',
});

function fail(path: string): never {
  throw new Error(`${path} is not a file of ./dist`);
}
