import { mkdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { join } from 'node:path';
import { BatchStore } from './batches/batch-store.ts';
import { createDesk } from './desk.ts';
import { bullQueue } from './queue/bull-queue.ts';
import { inProcessQueue } from './queue/in-process-queue.ts';
import { isLoopback, type Settings } from './settings.ts';
import { openSigningService, type SigningService } from './signing-service.ts';

export interface RunningDesk {
  url: string;
  /** {@link url} with the access token: opening it in a browser logs in. */
  openUrl: string;
  /** True if other computers can connect. */
  exposed: boolean;
  service: SigningService;
  /** Finishes the documents that are being signed, then removes a temporary data folder. */
  close(): Promise<void>;
}

const hour = 3_600_000;

/** @throws If the port is taken or a setting is wrong; nothing is left running, and a temporary data folder is removed. */
export async function startDesk(settings: Settings, env: NodeJS.ProcessEnv = process.env): Promise<RunningDesk> {
  const { dataFolder, redisUrl, host, port, accessToken } = settings;
  /** What has to be undone, in this order. */
  const cleanUp: (() => unknown)[] = [() => settings.temporary && rm(dataFolder, { recursive: true, force: true })];
  const close = async () => {
    for (const undo of cleanUp) await undo();
  };
  try {
    const service = await openSigningService(env, redisUrl);
    cleanUp.unshift(() => service.close());
    const batches = join(dataFolder, 'batches');
    await mkdir(batches, { recursive: true, mode: 0o700 });
    const store = new BatchStore(batches);
    const queue = redisUrl ? bullQueue(redisUrl) : inProcessQueue(service, store);
    cleanUp.unshift(() => queue.close());
    const server = createServer(await createDesk({ service, store, queue, settings }));
    await listen(server, port, host);
    cleanUp.unshift(() => stop(server));
    const sweep = setInterval(() => store.removeOlderThan(24 * hour).catch(console.error), hour);
    cleanUp.unshift(() => clearInterval(sweep));
    // Documents that an earlier, killed process did not finish. With Redis, its queue holds them.
    if (!redisUrl) for (const batch of await store.unfinished()) await queue.add(batch);
    const url = `http://${isIP(host) === 6 ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
    const openUrl = `${url}/?access=${encodeURIComponent(accessToken)}`;
    return { url, openUrl, exposed: !isLoopback(host), service, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
