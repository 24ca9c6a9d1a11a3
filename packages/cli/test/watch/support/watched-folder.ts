import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSignStash, type SignStash, type SignStashOptions } from '@signstash-connect/core';
import type { Sandbox } from '@signstash-connect/sandbox';
import { accessTo, temporaryFolder } from '@signstash-connect/testing';
import { onTestFinished } from 'vitest';
import { type FolderWatch, type WatchEvent, type WatchOptions, watchFolder } from '../../../src/index.ts';

/** The order of things is the same as with the default times. Milliseconds. */
export const shortDelays = {
  settleMs: 40,
  incompleteMs: 400,
  retryMs: 60,
  outageMs: [50, 200],
  lockedMs: 30,
} as const;

export interface TestWatch extends FolderWatch {
  readonly root: string;
  readonly events: WatchEvent[];
  path(name: string): string;
  /** Names below a folder of the root, sorted. */
  files(folder: string): string[];
  /** Drops a file by rename, so that it appears complete. */
  drop(name: string, bytes: Uint8Array | string): void;
}

export const clientOf = (sandbox: Sandbox, overrides: Partial<SignStashOptions> = {}): SignStash =>
  createSignStash({
    ...accessTo(sandbox),
    retry: { attempts: 2, maxLookupAttempts: 2, delayMs: 5, maxDelayMs: 50, lookupGraceMs: 50, pendingMs: 500 },
    ...overrides,
  });

/** A folder that is watched until the test ends. */
export function watchTestFolder(
  client: SignStash,
  { root = temporaryFolder(), ...options }: Partial<WatchOptions> & { root?: string } = {},
): TestWatch {
  const events: WatchEvent[] = [];
  const watch = watchFolder({
    client,
    clientId: 'test-client',
    folder: root,
    delays: shortDelays,
    onEvent: (event) => events.push(event),
    ...options,
  });
  onTestFinished(() => watch.close());
  return { ...watch, ...testFolder(root), root, events };
}

/** Helpers for a folder that may not be watched yet. */
export function testFolder(root: string) {
  const path = (name: string) => join(root, name);
  return {
    path,
    files: (folder: string) => listFiles(path(folder)),
    drop(name: string, bytes: Uint8Array | string) {
      const target = path(`in/${name}`);
      mkdirSync(dirname(target), { recursive: true });
      const temporary = join(dirname(target), `.${Math.random()}.tmp`);
      writeFileSync(temporary, bytes);
      renameSync(temporary, target);
    },
  };
}

function listFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Waits until a condition holds; fails with what `describe` says after 20 s. */
export async function until(condition: () => boolean, describe: () => unknown = () => ''): Promise<void> {
  const giveUpAt = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`Waited in vain. ${JSON.stringify(describe())}`);
    await sleep(10);
  }
}
