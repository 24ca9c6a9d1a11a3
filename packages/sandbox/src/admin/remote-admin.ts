import type { SandboxAdmin } from './admin.ts';
import type { SandboxCounts } from './counts.ts';
import type { RequestLogEntry } from './request-log.ts';

/** Steers a sandbox of another process: {@link SandboxAdmin}, asynchronous. */
export type RemoteSandboxAdmin = {
  [Method in keyof SandboxAdmin]: (
    ...parameters: Parameters<SandboxAdmin[Method]>
  ) => Promise<ReturnType<SandboxAdmin[Method]>>;
};

/**
 * @param baseUrl - Address of the sandbox, such as `http://127.0.0.1:8700`.
 */
export function connectSandboxAdmin(baseUrl: string): RemoteSandboxAdmin {
  const call = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const response = await fetch(new URL(`/admin/${path}`, baseUrl), {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!response.ok) throw new Error(`The sandbox answered ${response.status} to ${path}: ${await response.text()}`);
    return response;
  };
  const act = async (method: string, path: string, body?: unknown): Promise<void> => {
    await call(method, path, body);
  };
  return {
    addFault: (...faults) => act('POST', 'faults', faults),
    clearFaults: () => act('DELETE', 'faults'),
    expireTokens: () => act('POST', 'expire-tokens'),
    counts: async () => (await (await call('GET', 'counts')).json()) as SandboxCounts,
    requests: async () => (await (await call('GET', 'requests')).json()) as RequestLogEntry[],
    setUsage: (usage) => act('PUT', 'usage', usage),
    reset: () => act('POST', 'reset'),
  };
}
