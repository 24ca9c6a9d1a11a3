import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { BatchStore } from './batches/batch-store.ts';
import { createDesk } from './desk.ts';
import { bullQueue } from './queue/bull-queue.ts';
import { inProcessQueue } from './queue/in-process-queue.ts';
import type { Settings } from './settings.ts';
import { openSigningService, type SigningService } from './signing-service.ts';

export interface RunningDesk {
  url: string;
  service: SigningService;
  close(): Promise<void>;
}

const hour = 3_600_000;

export async function startDesk(settings: Settings, env: NodeJS.ProcessEnv = process.env): Promise<RunningDesk> {
  const { dataFolder, redisUrl, host, port, hostNames } = settings;
  const service = await openSigningService(env, redisUrl);
  const batches = join(dataFolder, 'batches');
  await mkdir(batches, { recursive: true, mode: 0o700 });
  const store = new BatchStore(batches);
  const queue = redisUrl ? bullQueue(redisUrl) : inProcessQueue(service.client, store);
  const server = createServer(await createDesk({ service, store, queue, dataFolder, hostNames }));
  const sweep = setInterval(() => store.removeOlderThan(24 * hour).catch(console.error), hour);
  await listen(server, port, host);
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    service,
    async close() {
      clearInterval(sweep);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await queue.close();
      await service.close();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}
