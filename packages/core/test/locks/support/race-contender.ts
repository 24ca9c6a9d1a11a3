// Takes part in a race for lock files, in a separate process: one attempt per round, all processes at the same moment.
import { dirname } from 'node:path';
import { LockedError, LockFileOwner } from '../../../src/locks/lock-file.ts';

interface Round {
  path: string;
  /** Milliseconds since the epoch. */
  startAt: number;
}

let owner: LockFileOwner | undefined;

async function attempt({ path, startAt }: Round): Promise<'owned' | 'refused'> {
  owner = await LockFileOwner.create(dirname(path));
  // Busy waiting hits the same moment as the other processes; a timer would not.
  while (Date.now() < startAt);
  try {
    await owner.acquire(path);
    return 'owned';
  } catch (error) {
    if (error instanceof LockedError) return 'refused';
    throw error;
  }
}

process.on('message', async (message: Round | { release: string }) => {
  if ('release' in message) {
    await owner?.release(message.release);
    await owner?.close();
    process.send?.('released');
  } else process.send?.(await attempt(message));
});
process.send?.('ready');
