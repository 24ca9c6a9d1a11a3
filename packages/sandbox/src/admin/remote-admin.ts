import type { SandboxAdmin } from './admin.ts';

/** Controls a sandbox of another process: {@link SandboxAdmin}, asynchronous. */
export type RemoteSandboxAdmin = {
  [Method in keyof SandboxAdmin]: (
    ...parameters: Parameters<SandboxAdmin[Method]>
  ) => Promise<ReturnType<SandboxAdmin[Method]>>;
};

/** Where a sandbox listens and the token of its admin API: {@link Sandbox} has both, and so has the output of `--json`. */
export interface SandboxAdminAccess {
  /** Address of the sandbox, such as `http://127.0.0.1:8700`. */
  url: string;
  adminToken: string;
}

/** Connects to the admin API of a sandbox over HTTP. */
export function connectSandboxAdmin({ url, adminToken }: SandboxAdminAccess): RemoteSandboxAdmin {
  const call = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const response = await fetch(new URL(`/admin/${path}`, url), {
      method,
      headers: {
        authorization: `Bearer ${adminToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`The sandbox answered ${response.status} to ${path}: ${await response.text()}`);
    return response;
  };
  const read = async <T>(path: string): Promise<T> => (await (await call('GET', path)).json()) as T;
  const act = async (method: string, path: string, body?: unknown): Promise<void> => {
    await call(method, path, body);
  };
  return {
    addFault: (...faults) => act('POST', 'faults', faults),
    clearFaults: () => act('DELETE', 'faults'),
    expireTokens: () => act('POST', 'expire-tokens'),
    counts: () => read('counts'),
    requests: () => read('requests'),
    schemaViolations: () => read('schema-violations'),
    setUsage: (usage) => act('PUT', 'usage', usage),
    reset: () => act('POST', 'reset'),
  };
}
