import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Tells one process from every other, also from a later one that was given the same number. */
export interface ProcessIdentity {
  /** Stands for the machine's or container's name. */
  readonly host: string;
  readonly pid: number;
  /** Stands for when it started; `0` where the system does not tell. */
  readonly started: string;
}

const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);

export const thisProcess: ProcessIdentity = {
  host: shortHash(hostname()),
  pid: process.pid,
  started: startOf(process.pid),
};

/** Whether a process of this machine is alive. In a container every run has the same few numbers, so they alone say little. */
export function isRunning({ pid, started }: Pick<ProcessIdentity, 'pid' | 'started'>): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process may not be signalled, but it runs.
    if ((error as { code?: string }).code !== 'EPERM') return false;
  }
  const found = startOf(pid);
  return started === '0' || found === '0' || found === started;
}

/** Linux tells when a process started, counted from the machine's own start. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return '0';
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses, the second field, may hold anything; the start is the 22nd.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return shortHash(`${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')} ${ticks}`);
  } catch {
    return '0';
  }
}
