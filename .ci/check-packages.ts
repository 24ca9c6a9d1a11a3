// Packs every public package as npm would get it, and lets publint and are-the-types-wrong judge the tarballs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Manifest {
  name: string;
  private?: boolean;
  main?: string;
  exports?: unknown;
}

const root = new URL('..', import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), 'signstash-pack-'));
const run = (command: string, args: string[], cwd = root) =>
  execFileSync(command, args, { cwd, stdio: 'pipe', encoding: 'utf8' });
const bin = (name: string) => join(root, 'node_modules/.bin', name);
let failed = 0;
try {
  for (const folder of ['packages', 'apps'].flatMap((top) =>
    readdirSync(join(root, top)).map((name) => join(root, top, name)),
  )) {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    if (manifest.private) continue;
    const target = join(work, manifest.name.replaceAll('/', '+'));
    const listed = run('npx', ['--yes', 'pnpm@10.34.9', 'pack', '--json', '--pack-destination', target], folder);
    const tarball = (JSON.parse(listed.slice(listed.indexOf('{'))) as { filename: string }).filename;
    try {
      console.log(manifest.name);
      const inside = run('tar', ['xzOf', tarball, 'package/package.json']);
      if (/"workspace:/.test(inside)) throw new Error('a workspace: link would be published');
      run(bin('publint'), ['run', '--strict', tarball]);
      // A package that is loaded by file path, such as an n8n node, offers no types to check.
      if (manifest.exports) run(bin('attw'), ['--profile', 'esm-only', tarball]);
    } catch (error) {
      failed++;
      console.error((error as { stdout?: string }).stdout || (error as Error).message);
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
