import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { isRunning, type ProcessIdentity, thisProcess } from '../files/process-identity.ts';

/** A lock is renewed this often, so that other machines and containers can tell one that was left behind. Milliseconds. */
const renewEveryMs = 5_000;
/** After this long without renewal, a lock of another machine counts as left behind. Milliseconds. */
const staleAfterMs = 30_000;

/** Who has the lock, in words. */
export class LockedError extends Error {}

/**
 * Takes an advisory lock: a file that names its process. The lock of a process of this machine that is gone is taken over at
 * once, that of another machine once it is no longer renewed.
 *
 * @returns What gives it back.
 * @throws {@link LockedError} where another process has it.
 */
export async function lock(path: string): Promise<() => Promise<void>> {
  for (let attempt = 1; ; attempt++) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(JSON.stringify(thisProcess));
      await file.close();
      break;
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST' || attempt > 3) throw error;
      await refuseHeld(path);
      await rm(path, { force: true });
    }
  }
  const renewal = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, renewEveryMs);
  renewal.unref();
  return async () => {
    clearInterval(renewal);
    await rm(path, { force: true });
  };
}

async function refuseHeld(path: string): Promise<void> {
  const renewedAt = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  const fresh = Date.now() - renewedAt < staleAfterMs;
  const owner = parse(await readFile(path, 'utf8').catch(() => ''));
  // Its owner may be about to write its name into it.
  if (owner === undefined) {
    if (fresh) throw new LockedError(`another process is about to write it, or died so; wait ${staleAfterMs / 1000} s`);
  } else if (owner.host === thisProcess.host) {
    if (isRunning(owner)) throw new LockedError(`process ${owner.pid} is writing it`);
  } else if (fresh) {
    throw new LockedError(`a process of another machine was writing it less than ${staleAfterMs / 1000} s ago`);
  }
}

function parse(text: string): ProcessIdentity | undefined {
  try {
    const { host, pid, started } = JSON.parse(text) as Partial<ProcessIdentity>;
    return typeof host === 'string' && typeof pid === 'number' && typeof started === 'string'
      ? { host, pid, started }
      : undefined;
  } catch {
    return undefined;
  }
}
