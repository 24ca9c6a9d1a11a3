import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The settings of a desk process. The SIGNSTASH_* variables are core's own. */
export interface Settings {
  host: string;
  port: number;
  /** Host names under which browsers reach the desk; requests with any other are refused. */
  hostNames: string[];
  /** Needed for every page and API call. */
  accessToken: string;
  /** Batches are stored here; desks and workers must share it. */
  dataFolder: string;
  /** True if the folder is removed when the desk closes. */
  temporary: boolean;
  redisUrl: string | undefined;
}

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
const minTokenLength = 20;

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);

/** @throws `Error` naming the variable that is wrong or missing, before anything listens. */
export async function readSettings(env: NodeJS.ProcessEnv = process.env): Promise<Settings> {
  const port = Number(env.DESK_PORT ?? 8710);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`Invalid DESK_PORT "${env.DESK_PORT}": expected a number from 0 to 65535.`);
  }
  const redisUrl = env.REDIS_URL || undefined;
  if (redisUrl && !env.DESK_DATA_FOLDER) {
    throw new Error('REDIS_URL needs DESK_DATA_FOLDER too: a folder that desks and workers share.');
  }
  const host = env.DESK_HOST || '127.0.0.1';
  const access = readAccess(host, env);
  const dataFolder = env.DESK_DATA_FOLDER || (await temporaryFolder());
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  return { host, port, ...access, dataFolder, temporary: !env.DESK_DATA_FOLDER, redisUrl };
}

/** Beyond loopback anyone on the network can connect, so the token and the host names must be chosen deliberately. */
function readAccess(host: string, env: NodeJS.ProcessEnv): Pick<Settings, 'hostNames' | 'accessToken'> {
  const given = env.DESK_ACCESS_TOKEN || undefined;
  if (given !== undefined && given.length < minTokenLength) {
    throw new Error(`DESK_ACCESS_TOKEN is too short: use at least ${minTokenLength} random characters.`);
  }
  const names = (env.DESK_HOST_NAMES ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  if (isLoopback(host)) {
    return { hostNames: [...loopbackNames, ...names], accessToken: given ?? randomBytes(24).toString('base64url') };
  }
  if (given === undefined) {
    throw new Error(
      `DESK_HOST=${host} is reachable from other computers: set DESK_ACCESS_TOKEN to a long random value.`,
    );
  }
  const wildcard = host === '0.0.0.0' || host === '::';
  if (names.length === 0 && wildcard) {
    throw new Error(`DESK_HOST=${host} needs DESK_HOST_NAMES: the host names under which browsers reach the desk.`);
  }
  const own = wildcard ? [] : [isIP(host) === 6 ? `[${host}]` : host.toLowerCase()];
  return { hostNames: [...own, ...names], accessToken: given };
}

const prefix = 'invoice-desk-';
const day = 24 * 3_600_000;

/** Also removes the folders of desks that were killed more than a day ago. */
async function temporaryFolder(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = /^invoice-desk-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || isRunning(Number(pid))) continue;
    const path = join(tmpdir(), name);
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > day) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
  return mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
