// Finds code that stands in two packages: what two adapters need belongs in core's adapter kit, see ARCHITECTURE.md.
// `node scripts/check-clones.ts [folder of packages]`
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';

const adapters = ['cli', 'express', 'github-action', 'n8n-nodes-signstash'];
/** Tokens of the shortest clone that is reported: between two adapters, and anywhere else. */
const shortest = { betweenAdapters: 50, elsewhere: 100 };
const sourceFolders = ['src', 'nodes', 'credentials'];

interface Clone {
  tokens: number;
  firstFile: { name: string; start: number };
  secondFile: { name: string; start: number };
}

const packages = resolve(process.argv[2] ?? join(import.meta.dirname, '../packages'));
const sources = readdirSync(packages)
  .flatMap((name) => sourceFolders.map((folder) => join(packages, name, folder)))
  .filter((folder) => existsSync(folder));
const work = mkdtempSync(join(tmpdir(), 'signstash-clones-'));
try {
  const jscpd = join(import.meta.dirname, '../node_modules/.bin/jscpd');
  const limits = ['--min-tokens', String(shortest.betweenAdapters), '--min-lines', '5'];
  const reporters = ['--silent', '--reporters', 'json', '--output', work];
  execFileSync(jscpd, [...limits, ...reporters, '--format', 'typescript', ...sources], {
    cwd: packages,
    stdio: 'pipe',
  });
  const { duplicates } = JSON.parse(readFileSync(join(work, 'jscpd-report.json'), 'utf8')) as { duplicates: Clone[] };
  const refused = duplicates.filter(({ tokens, firstFile, secondFile }) => {
    const [first, second] = [packageOf(firstFile.name), packageOf(secondFile.name)];
    const isShared = first !== second && adapters.includes(first) && adapters.includes(second);
    return tokens >= (isShared ? shortest.betweenAdapters : shortest.elsewhere);
  });
  for (const { tokens, firstFile, secondFile } of refused) {
    const [first, second] = [firstFile, secondFile].map(({ name, start }) => `${pathOf(name)}:${start}`);
    console.error(`The same code, ${tokens} tokens, is in ${first} and ${second}: keep it in one place.`);
  }
  if (refused.length === 0) console.log(`no clones in ${sources.length} source folders`);
  process.exitCode = refused.length === 0 ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

function pathOf(file: string): string {
  return relative(packages, resolve(packages, file));
}

function packageOf(file: string): string {
  return pathOf(file).split('/')[0] ?? '';
}
