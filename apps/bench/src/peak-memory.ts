import { readFileSync } from 'node:fs';

/**
 * Peak resident set of this process, from the operating system. Bytes.
 *
 * Linux counts into `maxRSS` also what the parent had when it started this process; the status file does not.
 */
export function peakMemory(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
  if (peak === undefined) throw new Error('The system does not report the peak resident set size.');
  return Number(peak) * 1024;
}
