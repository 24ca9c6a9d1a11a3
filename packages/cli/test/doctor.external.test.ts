import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { runProgram, startTestSandbox, temporaryFolder } from '@signstash-connect/testing';
import { expect, it, onTestFinished } from 'vitest';
import { envFor, runCli } from './support/run-cli.ts';

it('reports the failed step and the fix: certificate', async () => {
  const folder = temporaryFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-days', '1'];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject];
  expect((await runProgram('openssl', args)).exitCode).toBe(0);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) => response.end());
  await new Promise<void>((listening) => server.listen(0, 'localhost', listening));
  onTestFinished(() => void server.close());
  const apiUrl = `https://localhost:${(server.address() as AddressInfo).port}/api`;
  const env = { ...envFor(await startTestSandbox()), SIGNSTASH_API_URL: apiUrl };
  const { exitCode, stdout } = await runCli(['doctor', '--retries', '0'], { env });
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/failed {2}tls: localhost:\d+: DEPTH_ZERO_SELF_SIGNED_CERT\. .*NODE_EXTRA_CA_CERTS/);
  expect(stdout).toContain('Failed at: tls.');
});
