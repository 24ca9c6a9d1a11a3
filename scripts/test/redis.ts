import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

export interface TestRedis {
  url: string;
  /** Kills the server without any notice, as a power failure does. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a redis-server on a free loopback port. It keeps its data across {@link TestRedis.kill} and {@link TestRedis.start}. */
export async function startRedis(): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'signstash-redis-'));
  const port = await freePort();
  let server: ChildProcess;
  const redis: TestRedis = {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      const settings = [
        '--port',
        `${port}`,
        '--bind',
        '127.0.0.1',
        '--dir',
        folder,
        '--save',
        '',
        '--appendonly',
        'yes',
        '--appendfsync',
        'always',
      ];
      server = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] });
      for await (const text of server.stdout!) if (String(text).includes('Ready to accept connections')) break;
    },
    async kill() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      server.kill('SIGKILL');
      await once(server, 'exit');
    },
    async close() {
      await redis.kill();
      await rm(folder, { recursive: true });
    },
  };
  await redis.start();
  return redis;
}
