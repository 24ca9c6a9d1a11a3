// Packs every public package as it would be published, checks the tarballs with publint and are-the-types-wrong, their size, and the
// Node versions that their dependencies need.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { findEngineConflicts } from './check-engines.ts';

/** Size limits of packages, packed and unpacked, in kilobytes: a little above today's size. Raise one only for a reason. */
const budgets: Record<string, [packed: number, unpacked: number]> = {
  '@signstash-connect/core': [390, 1500],
  '@signstash-connect/cli': [165, 585],
  '@signstash-connect/express': [55, 190],
  '@signstash-connect/sandbox': [230, 900],
  '@signstash-connect/verify': [150, 625],
  'n8n-nodes-signstash': [100, 350],
};
/** Kilobytes of the action's files, by what loads them. */
const actionBudgets: Record<string, [files: string[], most: number]> = {
  'in every run': [['index.js', 'adapter-node.js', 'errors.js', 'rolldown-runtime.js'], 205],
  'to find and sign files': [['ky.js', 'oauth4webapi.js', 'p-map.js', 'tinyglobby.js'], 80],
  'to sign XML, and to read zips': [['unpack-zip.js', 'saxes.js'], 40],
  'with verify: signature or chain': [['signature.js', 'verify-signed.js', 'parser.js', 'report.js'], 525],
  'for encrypted PDFs': [['encryption.js'], 7],
  'for XML': [['verify-xml.js'], 1180],
};

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
  for (const folder of readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name))) {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    if (manifest.private) continue;
    const target = join(work, manifest.name.replaceAll('/', '+'));
    const listed = run(
      process.execPath,
      [join(root, 'scripts/pnpm.mjs'), 'pack', '--json', '--pack-destination', target],
      folder,
    );
    const tarball = (JSON.parse(listed.slice(listed.indexOf('{'))) as { filename: string }).filename;
    try {
      console.log(manifest.name);
      const inside = run('tar', ['xzOf', tarball, 'package/package.json']);
      if (/"workspace:/.test(inside)) throw new Error('a workspace: link would be published');
      const [packed, unpacked] = weight(tarball);
      const [mostPacked, mostUnpacked] = budgets[manifest.name] ?? [0, 0];
      console.log(`  ${packed} kB packed (at most ${mostPacked}), ${unpacked} kB unpacked (at most ${mostUnpacked})`);
      if (packed > mostPacked || unpacked > mostUnpacked) throw new Error('heavier than its budget');
      const conflicts = findEngineConflicts(root, `packages/${basename(folder)}`);
      if (conflicts.length > 0) throw new Error(conflicts.join('\n'));
      run(bin('publint'), ['run', '--strict', tarball]);
      // A package that is loaded by file path, such as an n8n node, offers no types to check.
      if (manifest.exports) run(bin('attw'), ['--profile', 'esm-only', tarball]);
    } catch (error) {
      failed++;
      console.error((error as { stdout?: string }).stdout || (error as Error).message);
    }
  }
  const dist = join(root, 'packages/github-action/dist');
  const budgeted = Object.values(actionBudgets).flatMap(([files]) => files);
  const unknown = readdirSync(dist).filter((file) => file.endsWith('.js') && !budgeted.includes(file));
  console.log(`the action's bundle${unknown.length > 0 ? `: no budget for ${unknown.join(', ')}` : ''}`);
  if (unknown.length > 0) failed++;
  for (const [when, [files, most]] of Object.entries(actionBudgets)) {
    const size = Math.ceil(files.reduce((sum, file) => sum + statSync(join(dist, file)).size, 0) / 1000);
    console.log(`  ${when}: ${size} kB (at most ${most})`);
    if (size > most) failed++;
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

function weight(tarball: string): [packed: number, unpacked: number] {
  const sizes = run('tar', ['tzvf', tarball])
    .trim()
    .split('\n')
    .map((line) => Number(line.split(/\s+/)[2]));
  const kilobytes = (bytes: number) => Math.ceil(bytes / 1000);
  return [kilobytes(statSync(tarball).size), kilobytes(sizes.reduce((sum, size) => sum + size, 0))];
}

process.exitCode = failed > 0 ? 1 : 0;
