import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, type SandboxOptions, startSandbox } from '@signstash-connect/sandbox';
import { readSettings, type Settings } from '../../src/settings.ts';
import { type RunningDesk, startDesk } from '../../src/start-desk.ts';

export interface SandboxDesk {
  desk: RunningDesk;
  sandbox: Sandbox;
  dataFolder: string;
  close(): Promise<void>;
}

/** The variables that lead to a sandbox. */
export const sandboxEnv = ({ tokenUrl, apiUrl, clientId, clientSecret, caCertificatePath }: Sandbox) => ({
  SIGNSTASH_TOKEN_URL: tokenUrl,
  SIGNSTASH_API_URL: apiUrl,
  SIGNSTASH_CLIENT_ID: clientId,
  SIGNSTASH_CLIENT_SECRET: clientSecret,
  DESK_SANDBOX_MODE: 'true',
  DESK_TRUST: caCertificatePath,
});

/** The access token of desks under test, and the header that carries it. */
export const accessToken = 'access-token-of-the-tests';
export const authorized = { Authorization: `Bearer ${accessToken}` };

/** A desk and a sandbox in this process, on free ports, leaving nothing behind. */
export async function startSandboxDesk(
  options: SandboxOptions = {},
  overrides: Partial<Settings> = {},
): Promise<SandboxDesk> {
  const folder = await mkdtemp(join(tmpdir(), 'invoice-desk-test-'));
  const sandbox = await startSandbox({ stateDirectory: join(folder, 'sandbox'), ...options });
  const dataFolder = join(folder, 'data');
  const settings = {
    ...(await readSettings({ DESK_DATA_FOLDER: dataFolder, DESK_PORT: '0', DESK_ACCESS_TOKEN: accessToken })),
    ...overrides,
  };
  const desk = await startDesk(settings, sandboxEnv(sandbox));
  return {
    desk,
    sandbox,
    dataFolder,
    async close() {
      await desk.close();
      await sandbox.close();
      await rm(folder, { recursive: true });
    },
  };
}
