import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Redis {
  /** Path of its socket. */
  socket: string;
  stop(): Promise<void>;
}

export function hasRedis(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Starts a separate Redis that listens on a Unix socket in a folder. */
export async function startRedis(folder: string): Promise<Redis> {
  const socket = join(folder, 'redis.sock');
  const settings = ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder];
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const text of server.stdout) {
    said += String(text);
    if (/ready to accept connections/i.test(said)) break;
  }
  if (server.exitCode !== null) throw new Error(`redis-server ended with code ${server.exitCode}: ${said}`);
  return {
    socket,
    async stop() {
      const gone = once(server, 'exit');
      server.kill();
      await gone;
    },
  };
}
