import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { FileReferenceLock, RedisReferenceLock, type ReferenceLock } from '@signstash-connect/core';
import type { CliIo } from './io.ts';
import { type Settings, settingsError } from './settings.ts';

export interface OpenLock {
  lock: ReferenceLock;
  close(): Promise<void>;
}

/** How long to wait for the first connection; the client keeps trying in the background. Milliseconds. */
const connectTimeoutMs = 2_000;

/** The lock that `lock` names; undefined without one: then only documents of this process are kept apart. */
export async function openReferenceLock(settings: Settings, io: CliIo): Promise<OpenLock | undefined> {
  const value = settings.text('lock');
  if (value === '') return undefined;
  const folder = /^file:(.+)$/.exec(value)?.[1];
  if (folder) {
    return { lock: new FileReferenceLock({ directory: resolve(io.cwd, folder) }), close: async () => {} };
  }
  const name = settings.nameOf('lock') as string;
  // Not shown: it may contain a password.
  if (!/^rediss?:\/\/./.test(value)) throw settingsError('lock', name, 'expected file:FOLDER or redis://HOST:PORT.');
  const { createClient } = await import('@redis/client');
  const client = createClient({ url: value, disableOfflineQueue: true });
  // Core reports a Redis that cannot be reached, and looks documents up before it sends them.
  client.on('error', () => {});
  await Promise.race([client.connect(), setTimeout(connectTimeoutMs, undefined, { ref: false })]);
  return { lock: new RedisReferenceLock({ client }), close: async () => client.destroy() };
}
