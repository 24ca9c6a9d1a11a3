import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, type SandboxOptions, startSandbox } from '@signstash-connect/sandbox';
import { afterAll, onTestFinished } from 'vitest';
import { createSignStash, type SignStash, type SignStashOptions } from '../../src/index.ts';

/** One certificate authority for all tests of a file: generating keys is the slow part of starting a sandbox. */
const stateDirectory = mkdtempSync(join(tmpdir(), 'signstash-sandbox-'));
// Not on the exit of the process: test runners end their workers without it.
afterAll(() => rmSync(stateDirectory, { recursive: true, force: true }));

/** Short timeouts and delays, so that fault tests do not take seconds; the order of events is the same. */
export const impatient: NonNullable<SignStashOptions['retry']> = {
  delayMs: 5,
  maxDelayMs: 50,
  lookupGraceMs: 30,
  pendingMs: 2_000,
  throttledMs: 10_000,
};

/** A sandbox that closes with the test. */
export async function testSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ stateDirectory, ...options });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

/** A client of the sandbox's SaaS. */
export function clientOf(sandbox: Sandbox, overrides: Partial<SignStashOptions> = {}): SignStash {
  const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox;
  return createSignStash({ environment: { tokenUrl, apiUrl }, clientId, clientSecret, retry: impatient, ...overrides });
}
