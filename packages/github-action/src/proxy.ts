import * as http from 'node:http';
import type { Runner } from './runner.ts';

/** In Node since 24.14, later than the types. */
const { setGlobalProxyFromEnv } = http as { setGlobalProxyFromEnv?: (env: NodeJS.ProcessEnv) => unknown };

const variables = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'];

/** Sends all requests through HTTP_PROXY, HTTPS_PROXY and past NO_PROXY, where they are set. */
export function configureProxyFromEnv(runner: Runner, env: NodeJS.ProcessEnv): void {
  const proxies = variables.flatMap((name) => env[name] || []);
  if (proxies.length === 0) return;
  for (const proxy of proxies) maskPassword(runner, proxy);
  if (!setGlobalProxyFromEnv) {
    throw new Error(
      `HTTP_PROXY or HTTPS_PROXY is set, and this runner's Node ${process.versions.node} cannot obey it: update the runner.`,
    );
  }
  setGlobalProxyFromEnv(env);
}

function maskPassword(runner: Runner, proxy: string): void {
  const { username = '', password = '' } = URL.parse(proxy) ?? {};
  if (password === '') return;
  runner.mask(password);
  runner.mask(decodeURIComponent(password));
  runner.mask(Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64'));
}
