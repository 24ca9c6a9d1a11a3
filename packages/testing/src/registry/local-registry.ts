import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../../../scripts/test/free-port.ts';
import { run } from './run.ts';
import { ensureTools } from './tools.ts';

export interface LocalRegistry {
  url: string;
  close(): Promise<void>;
}

/**
 * Starts a registry on loopback. This project's packages exist only there; all others come from the registry that this machine
 * uses.
 */
export async function startRegistry(folder: string): Promise<LocalRegistry> {
  const { verdaccio } = await ensureTools();
  await mkdir(folder, { recursive: true });
  const uplink = await npmSetting('registry');
  const authorities = await npmSetting('cafile');
  const own = ['@signstash-connect/*', 'n8n-nodes-signstash'];
  const config = {
    storage: join(folder, 'storage'),
    auth: { htpasswd: { file: join(folder, 'htpasswd') } },
    uplinks: { upstream: { url: uplink, timeout: '120s', maxage: '1h' } },
    packages: {
      ...Object.fromEntries(own.map((name) => [name, { access: '$all', publish: '$anonymous' }])),
      '**': { access: '$all', proxy: 'upstream' },
    },
    max_body_size: '50mb',
    log: { type: 'file', path: join(folder, 'log'), level: 'warn' },
  };
  // JSON is YAML too.
  await writeFile(join(folder, 'config.yaml'), JSON.stringify(config));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = [verdaccio, '--config', join(folder, 'config.yaml'), '--listen', `127.0.0.1:${port}`];
  const server = spawn(process.execPath, args, {
    // verdaccio must trust the certificate authorities that npm trusts.
    env: { ...process.env, ...(existsSync(authorities) ? { NODE_EXTRA_CA_CERTS: authorities } : {}) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const deadline = Date.now() + 60_000; ; ) {
    if (server.exitCode !== null || Date.now() > deadline) {
      server.kill();
      throw new Error('The local registry did not start.');
    }
    const up = await fetch(`${url}/-/ping`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return { url, close: () => stop(server) };
    await wait(200);
  }
}

const npmSetting = async (name: string): Promise<string> =>
  (await run('npm', ['config', 'get', name], { cwd: tmpdir() })).trim();

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill();
  await ended;
}

/** An environment whose npm and pnpm use this registry and none of this machine's settings. */
export async function registryEnvironment(folder: string, registry: string): Promise<NodeJS.ProcessEnv> {
  await mkdir(folder, { recursive: true });
  const { host } = new URL(registry);
  // npm publish requires a token, even if the registry does not.
  await writeFile(join(folder, '.npmrc'), `registry=${registry}/\n//${host}/:_authToken=none\n`);
  const { PATH, LANG } = process.env;
  return {
    PATH,
    LANG,
    HOME: folder,
    NPM_CONFIG_USERCONFIG: join(folder, '.npmrc'),
    npm_config_cache: join(folder, 'cache'),
    npm_config_store_dir: join(folder, 'store'),
    npm_config_update_notifier: 'false',
  };
}
