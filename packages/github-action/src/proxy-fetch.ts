import { EnvHttpProxyAgent, fetch, type RequestInit } from 'undici';

/** A fetch that obeys HTTP_PROXY, HTTPS_PROXY and NO_PROXY, where one of them is set: Node's own does not. */
export function proxyFetch(env: Readonly<Record<string, string | undefined>>) {
  const names = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'];
  if (!names.some((name) => env[name])) return undefined;
  // The deadline of each call is core's; undici's own would cut a long request.
  const dispatcher = new EnvHttpProxyAgent({ headersTimeout: 0, bodyTimeout: 0 });
  return (url: string, init: globalThis.RequestInit) =>
    fetch(url, { ...(init as unknown as RequestInit), dispatcher }) as unknown as Promise<Response>;
}
