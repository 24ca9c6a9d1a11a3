// `node action-tags.ts REMOTE`: tags that `uses:` takes. Those of changesets hold an @, which the runner reads as the end of the name.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const [remote] = process.argv.slice(2);
if (!remote) throw new Error('Usage: node action-tags.ts REMOTE');
const git = (...args: string[]) =>
  execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const { version } = JSON.parse(readFileSync('packages/github-action/package.json', 'utf8')) as { version: string };
const exact = `github-action-v${version}`;
const moving = `github-action-v${version.split('.')[0]}`;
if (git('ls-remote', '--tags', remote, `refs/tags/${exact}`).trim() !== '') {
  console.log(`${exact} is there already.`);
} else {
  // Onto the commit that is released, which holds the bundle.
  git('push', remote, `HEAD:refs/tags/${exact}`, `+HEAD:refs/tags/${moving}`);
  console.log(`${exact} and ${moving} are pushed.`);
}
