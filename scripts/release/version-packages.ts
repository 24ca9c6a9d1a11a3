// `npm run version-packages`: everything that changes with a version, in one commit's worth of files.
import { execFileSync } from 'node:child_process';
import { addBundledChangesets } from './bundled-changesets.ts';
import { setUserAgentVersion } from './user-agent-version.ts';

const root = process.cwd();
const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: root, stdio: 'inherit' });
const pnpm = (...args: string[]) => run(process.execPath, 'scripts/pnpm.mjs', ...args);

const owed = await addBundledChangesets(root);
if (owed.length > 0) console.log(`Released with the core that they ship: ${owed.join(', ')}`);
pnpm('exec', 'changeset', 'version');
await setUserAgentVersion(root);
// The action runs from its committed bundle, which names core's version.
pnpm('--filter', '@signstash-connect/github-action', 'run', 'build');
pnpm('install', '--lockfile-only');
pnpm('exec', 'biome', 'format', '--write', '.');
