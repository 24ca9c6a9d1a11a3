import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a desk process is told from outside. The SIGNSTASH_* variables are the core's own. */
export interface Settings {
  host: string;
  port: number;
  /** Further names under which browsers reach the desk. */
  hostNames: string[];
  /** Batches are kept here; desk and workers must share it. */
  dataFolder: string;
  redisUrl: string | undefined;
}

export async function readSettings(env: NodeJS.ProcessEnv = process.env): Promise<Settings> {
  const port = Number(env.DESK_PORT ?? 8710);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`DESK_PORT is no port: ${env.DESK_PORT}`);
  const redisUrl = env.REDIS_URL || undefined;
  if (redisUrl && !env.DESK_DATA_FOLDER)
    throw new Error('With REDIS_URL set DESK_DATA_FOLDER too: a folder that desks and workers share.');
  const dataFolder = env.DESK_DATA_FOLDER || (await mkdtemp(join(tmpdir(), 'invoice-desk-')));
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  return {
    host: env.DESK_HOST ?? '127.0.0.1',
    port,
    hostNames: (env.DESK_HOST_NAMES ?? '').split(',').filter((name) => name !== ''),
    dataFolder,
    redisUrl,
  };
}
