import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from './run.ts';

/** The parts of n8n that the tests need, at tested versions. Installed outside the workspace: they are gigabytes, for CI only. */
const versions = {
  node: '24.21.0',
  n8n: '2.41.1',
  '@n8n/node-cli': '0.48.3',
  '@n8n/scan-community-package': '0.32.0',
} as const;

export interface Tools {
  /** The Node that n8n requires. */
  node: string;
  n8n: string;
  /** A folder whose node_modules holds n8n's linter and scanner. */
  gates: string;
}

/** Installs what is missing; the first time takes minutes. */
export async function ensureTools(): Promise<Tools> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'signstash-connect');
  const nodePackage = `node-${process.platform}-${process.arch}`;
  const nodeFolder = join(cache, `node-${versions.node}`);
  const nodeHome = join(nodeFolder, 'node_modules', nodePackage);
  await once(nodeFolder, () => npm(nodeFolder, ['install', `${nodePackage}@${versions.node}`], process.env));

  const env = {
    ...process.env,
    PATH: `${join(nodeHome, 'bin')}:${process.env.PATH}`,
    // Headers for compiling sqlite3 come with the package: no download from elsewhere.
    npm_config_nodedir: nodeHome,
  };
  const n8nFolder = join(cache, `n8n-${versions.n8n}-node-${versions.node}`);
  await once(n8nFolder, async () => {
    // Without install scripts: that of an unused Kafka client downloads and compiles for minutes.
    await npm(n8nFolder, ['install', '--ignore-scripts', `n8n@${versions.n8n}`], env);
    await npm(n8nFolder, ['rebuild', 'sqlite3'], env);
  });

  const gateNames = ['@n8n/node-cli', '@n8n/scan-community-package'] as const;
  const gates = join(cache, `n8n-gates-${gateNames.map((name) => versions[name]).join('-')}`);
  await once(gates, () =>
    npm(gates, ['install', '--ignore-scripts', ...gateNames.map((name) => `${name}@${versions[name]}`)], env),
  );
  return { node: join(nodeHome, 'bin/node'), n8n: join(n8nFolder, 'node_modules/n8n/bin/n8n'), gates };
}

/** An interrupted installation leaves no mark and is repeated. */
async function once(folder: string, install: () => Promise<unknown>): Promise<void> {
  const mark = join(folder, '.complete');
  if (existsSync(mark)) return;
  console.log(`Installing into ${folder}: this happens once.`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  await install();
  await writeFile(mark, '');
}

const npm = (cwd: string, args: string[], env: NodeJS.ProcessEnv) =>
  mustRun('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd, env, limit: 1800 });
