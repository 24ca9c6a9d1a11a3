import { createSignStash, optionsFromEnv, type SignStash, type SignStashOptions } from '@signstash-connect/core';
import { startSandbox } from '@signstash-connect/sandbox';
import { sharedTokenStore } from './shared-token-store.ts';

export interface SigningService {
  client: SignStash;
  clientId: string;
  /** True if the seals have no legal value. */
  sandboxMode: boolean;
  close(): Promise<void>;
}

/** The Sign'Stash of the SIGNSTASH_* variables; without any, a sandbox in this process. */
export async function openSigningService(
  env: NodeJS.ProcessEnv,
  redisUrl: string | undefined,
): Promise<SigningService> {
  const configured = Object.entries(env).some(([name, value]) => name.startsWith('SIGNSTASH_') && value);
  const sandbox = configured ? undefined : await startSandbox();
  const access: SignStashOptions = sandbox
    ? {
        environment: { tokenUrl: sandbox.tokenUrl, apiUrl: sandbox.apiUrl },
        clientId: sandbox.clientId,
        clientSecret: sandbox.clientSecret,
      }
    : optionsFromEnv(env);
  const tokens = redisUrl ? sharedTokenStore(redisUrl) : undefined;
  const client = createSignStash({
    ...access,
    ...(tokens ? { tokenStore: tokens.store } : {}),
    userAgent: 'invoice-desk',
    hooks: { onWarning: ({ code, message }) => console.warn(`${code}: ${message}`) },
  });
  return {
    client,
    clientId: access.clientId,
    sandboxMode: sandbox !== undefined || env.DESK_SANDBOX_MODE === 'true',
    async close() {
      await tokens?.close();
      await sandbox?.close();
    },
  };
}
