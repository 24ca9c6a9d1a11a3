import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.ts';

const versions = { verdaccio: '6.10.4', node22: '22.23.3', node26: '26.9.0' } as const;

/** Kept between runs, outside the workspace: only these tests need a registry. */
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'signstash-connect');

export interface RegistryTools {
  /** verdaccio's program, for this process's Node. */
  verdaccio: string;
  /** The lowest Node that published packages support, and the newest. */
  nodes: Record<string, string>;
}

export async function ensureTools(): Promise<RegistryTools> {
  const registry = join(cache, `verdaccio-${versions.verdaccio}`);
  // One of its dependencies refers to a dist-tag that not every mirror serves.
  const overrides = { 'node-fetch': '2.7.0' };
  await once(registry, { private: true, overrides, dependencies: { verdaccio: versions.verdaccio } });
  const nodes: Record<string, string> = {};
  for (const version of [versions.node22, versions.node26]) {
    const name = `node-${process.platform}-${process.arch}`;
    const folder = join(cache, `node-${version}`);
    await once(folder, { private: true, dependencies: { [name]: version } });
    nodes[version] = join(folder, 'node_modules', name, 'bin/node');
  }
  return { verdaccio: join(registry, 'node_modules/verdaccio/bin/verdaccio'), nodes };
}

/** An interrupted installation has no mark file and is repeated. */
async function once(folder: string, manifest: object): Promise<void> {
  const mark = join(folder, '.complete');
  if (existsSync(mark)) return;
  console.log(`Installing into ${folder}: this happens once.`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
  await writeFile(mark, '');
}
