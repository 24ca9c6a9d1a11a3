import type { Runner } from './runner.ts';

const variables = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'];

/** Sends all requests through HTTP_PROXY and HTTPS_PROXY, except those to NO_PROXY hosts. */
export function configureProxyFromEnv(runner: Runner, env: NodeJS.ProcessEnv): void {
  const proxies = variables.flatMap((name) => env[name] || []);
  if (proxies.length === 0) return;
  for (const proxy of proxies) maskPassword(runner, proxy);
  // Since Node 24.14, and missing from the types. Not imported: that would load all of `fetch` when the action starts.
  const { setGlobalProxyFromEnv } = process.getBuiltinModule('node:http') as {
    setGlobalProxyFromEnv?: (env: NodeJS.ProcessEnv) => unknown;
  };
  if (!setGlobalProxyFromEnv) {
    throw new Error(
      `HTTP_PROXY or HTTPS_PROXY is set, and this runner's Node ${process.versions.node} cannot use it: update the runner.`,
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
