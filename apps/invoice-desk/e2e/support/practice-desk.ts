import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, type SandboxOptions, startSandbox } from '@signstash-connect/sandbox';
import { type RunningDesk, startDesk } from '../../src/start-desk.ts';

export interface PracticeDesk {
  desk: RunningDesk;
  sandbox: Sandbox;
  dataFolder: string;
  close(): Promise<void>;
}

/** The variables that lead to a sandbox. */
export const sandboxEnv = ({ tokenUrl, apiUrl, clientId, clientSecret }: Sandbox) => ({
  SIGNSTASH_TOKEN_URL: tokenUrl,
  SIGNSTASH_API_URL: apiUrl,
  SIGNSTASH_CLIENT_ID: clientId,
  SIGNSTASH_CLIENT_SECRET: clientSecret,
  DESK_PRACTICE: 'true',
});

/** A desk and a sandbox in this process, on free ports, leaving nothing behind. */
export async function practiceDesk(options: SandboxOptions = {}): Promise<PracticeDesk> {
  const folder = await mkdtemp(join(tmpdir(), 'invoice-desk-test-'));
  const sandbox = await startSandbox({ stateDirectory: join(folder, 'sandbox'), ...options });
  const dataFolder = join(folder, 'data');
  const settings = { host: '127.0.0.1', port: 0, hostNames: [], dataFolder, redisUrl: undefined };
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
