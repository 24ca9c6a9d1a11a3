// `node attach-sbom.ts FOLDER`: puts each list of parts next to the GitHub release of its package.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Bom {
  metadata: { component: { group?: string; name: string; version: string } };
}

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('Usage: node attach-sbom.ts FOLDER');
for (const name of readdirSync(folder)) {
  const path = join(folder, name);
  const { component } = (JSON.parse(readFileSync(path, 'utf8')) as Bom).metadata;
  const tag = `${component.group ? `${component.group}/` : ''}${component.name}@${component.version}`;
  const known = execFileSync('gh', ['release', 'list', '--limit', '100', '--json', 'tagName', '--jq', '.[].tagName'], {
    encoding: 'utf8',
  });
  // Packages are released on their own: most have no new release this time.
  if (known.split('\n').includes(tag))
    execFileSync('gh', ['release', 'upload', tag, path, '--clobber'], { stdio: 'inherit' });
}
