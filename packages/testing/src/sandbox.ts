import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, type SandboxOptions, startSandbox } from '@signstash-connect/sandbox';
import { onTestFinished } from 'vitest';

/** One certificate authority for all tests of a process: making keys is the slow part of starting a sandbox. */
const stateDirectory = mkdtempSync(join(tmpdir(), 'signstash-sandbox-'));
process.once('exit', () => rmSync(stateDirectory, { recursive: true, force: true }));

/** A sandbox that closes after the test. It signs, and counts, a repeated reference again. */
export async function startTestSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({
    stateDirectory,
    duplicateReferences: 'sign-again',
    keyAlgorithm: 'EC-P256',
    ...options,
  });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

/** The client options that reach a sandbox. */
export const accessTo = ({ tokenUrl, apiUrl, clientId, clientSecret }: Sandbox) => ({
  environment: { tokenUrl, apiUrl },
  clientId,
  clientSecret,
});
