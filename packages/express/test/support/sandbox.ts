import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSignStash, type SignStash, type SignStashOptions } from '@signstash-connect/core';
import { type Sandbox, type SandboxOptions, startSandbox } from '@signstash-connect/sandbox';
import { accessTo } from '@signstash-connect/testing';
import { afterAll, beforeAll, beforeEach } from 'vitest';

/** One sandbox for a test file, emptied before each test. */
export function useSandbox(settings: SandboxOptions = {}): {
  readonly sandbox: Sandbox;
  client(options?: Partial<SignStashOptions>): SignStash;
} {
  let sandbox: Sandbox;
  let stateDirectory: string;
  beforeAll(async () => {
    stateDirectory = await mkdtemp(join(tmpdir(), 'express-sandbox-'));
    sandbox = await startSandbox({ ...settings, stateDirectory });
  });
  beforeEach(() => sandbox.admin.reset());
  afterAll(async () => {
    await sandbox.close();
    await rm(stateDirectory, { recursive: true });
  });
  return {
    get sandbox() {
      return sandbox;
    },
    client: (options) => createSignStash({ ...accessTo(sandbox), ...options }),
  };
}
