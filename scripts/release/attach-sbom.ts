// `node attach-sbom.ts FOLDER`: puts each list of parts next to the GitHub release of its package, where this commit made one.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Bom {
  metadata: { component: { group?: string; name: string; version: string } };
}

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('Usage: node attach-sbom.ts FOLDER');

// Packages are released on their own. A list of what was released before stays as it was then.
const released = execFileSync('git', ['tag', '--points-at', 'HEAD'], { encoding: 'utf8' }).split('\n');
for (const name of readdirSync(folder)) {
  const path = join(folder, name);
  const { component } = (JSON.parse(readFileSync(path, 'utf8')) as Bom).metadata;
  const tag = `${component.group ? `${component.group}/` : ''}${component.name}@${component.version}`;
  if (released.includes(tag)) execFileSync('gh', ['release', 'upload', tag, path, '--clobber'], { stdio: 'inherit' });
}
