import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Identifies one process among all that may see the same files, including a later one with the same process id. */
export interface ProcessIdentity {
  /**
   * Hash of host name, boot id and PID namespace. Process ids can be compared only where these are equal: two containers may have
   * the same host name and the same process ids.
   */
  readonly host: string;
  readonly pid: number;
  /** Hash of the start time; `0` where the system does not report it. */
  readonly started: string;
}

const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** What the system reports; empty on systems other than Linux. */
function readOrEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

const bootId = readOrEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
const pidNamespace = readOrEmpty(() => readlinkSync('/proc/self/ns/pid'));

export const thisProcess: ProcessIdentity = {
  host: shortHash(`${hostname()} ${bootId} ${pidNamespace}`),
  pid: process.pid,
  started: startTime(process.pid),
};

/** Whether a process of this host and PID namespace is alive. Containers reuse low process ids, so the start time must match too. */
export function isRunning({ pid, started }: Pick<ProcessIdentity, 'pid' | 'started'>): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs as another user.
    if ((error as { code?: string }).code !== 'EPERM') return false;
  }
  const found = startTime(pid);
  return started === '0' || found === '0' || found === started;
}

/** Linux reports the start time of a process in ticks since boot. */
function startTime(pid: number): string {
  const stat = readOrEmpty(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (stat === '') return '0';
  // The second field, in parentheses, may contain spaces; the start time is the 22nd.
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return shortHash(`${bootId} ${ticks}`);
}
