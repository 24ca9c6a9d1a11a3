import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What the sandbox prints with `--json`. */
export interface SandboxAddress {
  tokenUrl: string;
  apiUrl: string;
  clientId: string;
  clientSecret: string;
  caCertificatePath: string;
}

export interface SandboxProcess extends SandboxAddress {
  stop(): Promise<void>;
}

/** Starts the sandbox as a user would: in its own process, used over HTTP only. */
export async function startSandboxProcess(): Promise<SandboxProcess> {
  const entry = fileURLToPath(import.meta.resolve('@signstash-connect/sandbox'));
  const child = spawn(process.execPath, [entry.replace(/index\.(ts|js)$/, 'cli.$1'), '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const address = await new Promise<SandboxAddress>((resolve, reject) => {
    createInterface(child.stdout).once('line', (line) => resolve(JSON.parse(line) as SandboxAddress));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The sandbox ended at its start with code ${code}.`)));
  });
  return {
    ...address,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
