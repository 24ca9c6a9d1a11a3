import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, type SandboxOptions, startSandbox } from '@signstash-connect/sandbox';
import { afterAll, onTestFinished } from 'vitest';

/** One certificate authority for all tests of a file: making keys is the slow part of starting a sandbox. */
const stateDirectory = mkdtempSync(join(tmpdir(), 'signstash-action-state-'));
// Not on the exit of the process: test runners end their workers without it.
afterAll(() => rmSync(stateDirectory, { recursive: true, force: true }));

/** A sandbox that closes with the test. It signs and counts a repeated reference again. */
export async function sandboxed(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ stateDirectory, duplicateReferences: 'sign-again', ...options });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

/** Inputs that sign every PDF of the workspace with a sandbox. */
export const inputsFor = (sandbox: Sandbox, more: Record<string, string> = {}): Record<string, string> => ({
  files: '**/*.pdf',
  'token-url': sandbox.tokenUrl,
  'api-url': sandbox.apiUrl,
  'client-id': sandbox.clientId,
  'client-secret': sandbox.clientSecret,
  ...more,
});
