import { createSignStash, optionsFromEnv, type SignStash, type SignStashOptions } from '@signstash-connect/core';
import { startSandbox } from '@signstash-connect/sandbox';
import { TrustStore } from '@signstash-connect/verify';
import { sharedReferenceLock } from './shared-reference-lock.ts';
import { sharedTokenStore } from './shared-token-store.ts';

export interface SigningService {
  client: SignStash;
  clientId: string;
  /** Root certificates that signatures may chain to: those of `DESK_TRUST`, and of a sandbox in this process. */
  trust: TrustStore;
  /** True if the seals have no legal value. */
  sandboxMode: boolean;
  close(): Promise<void>;
}

/**
 * The Sign'Stash of the SIGNSTASH_* variables; without any, a sandbox in this process.
 *
 * @throws `Error` naming the variable that is wrong.
 */
export async function openSigningService(
  env: NodeJS.ProcessEnv,
  redisUrl: string | undefined,
): Promise<SigningService> {
  const given = await readTrust(env.DESK_TRUST);
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
  const locks = redisUrl ? sharedReferenceLock(redisUrl, lockMs(env)) : undefined;
  const client = createSignStash({
    ...access,
    ...(tokens ? { tokenStore: tokens.store } : {}),
    ...(locks ? { referenceLock: locks.lock } : {}),
    userAgent: 'invoice-desk',
    hooks: { onWarning: ({ code, message }) => console.warn(`${code}: ${message}`) },
  });
  return {
    client,
    clientId: access.clientId,
    trust: sandbox ? TrustStore.merge(given, TrustStore.fromCertificates(sandbox.caCertificatePem, 'sandbox')) : given,
    sandboxMode: sandbox !== undefined || env.DESK_SANDBOX_MODE === 'true',
    async close() {
      locks?.close();
      await tokens?.close();
      await sandbox?.close();
    },
  };
}

/** How long after its death a worker's documents stay locked. Milliseconds. */
export const lockMs = (env: NodeJS.ProcessEnv): number => Number(env.DESK_LOCK_MS ?? 30_000);

/** @param paths - Of certificates, or of folders with them, separated by commas. */
async function readTrust(paths = ''): Promise<TrustStore> {
  const list = paths.split(',').map((path) => path.trim());
  try {
    return await TrustStore.fromPaths(list.filter((path) => path !== ''));
  } catch (cause) {
    throw new Error(`Invalid DESK_TRUST "${paths}": ${(cause as Error).message}.`, { cause });
  }
}
