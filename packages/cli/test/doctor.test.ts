import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestSandbox } from '@signstash-connect/testing';
import { expect, it, onTestFinished } from 'vitest';
import { envFor, objectsOf, runCli } from './support/run-cli.ts';

const definition = () =>
  JSON.parse(readFileSync(new URL('../../sandbox/openapi.json', import.meta.url), 'utf8')) as {
    paths: Record<string, unknown>;
    components: { schemas: Record<string, { properties: Record<string, unknown>; required?: string[] }> };
  };

/** Serves a definition as a proxy does. Returns its address. */
async function serve(json: unknown): Promise<string> {
  const server = createServer((_, response) => response.end(JSON.stringify(json)));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3/api-docs`;
}

it('checks every step and signs nothing', async () => {
  const sandbox = await startTestSandbox();
  const run = await runCli(['doctor', '--json'], { env: envFor(sandbox) });
  const steps = objectsOf(run).filter(({ type }) => type === 'step');
  expect(steps.map(({ step, status }) => `${step} ${status}`)).toEqual([
    'settings ok',
    'dns ok',
    'tls unknown',
    'token ok',
    'api ok',
    'clock ok',
    'quota unknown',
  ]);
  expect(run.exitCode).toBe(0);
  expect(run.stdout + run.stderr).not.toContain(sandbox.clientSecret);
  expect(sandbox.admin.counts().requests.sign).toBe(0);
});

it('reports the failed step and the fix: settings', async () => {
  const { exitCode, stdout } = await runCli(['doctor']);
  expect(exitCode).toBe(3);
  expect(stdout).toMatch(/^failed {2}settings: SIGNSTASH_ENVIRONMENT \(or --environment\) is not set\./);
});

it('reports the failed step and the fix: name of the host', async () => {
  const env = { ...envFor(await startTestSandbox()), SIGNSTASH_API_URL: 'https://signstash.invalid/api' };
  const { exitCode, stdout } = await runCli(['doctor', '--retries', '0'], { env });
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/failed {2}dns: signstash\.invalid cannot be resolved \(\w+\)\. Check the address/);
  expect(stdout).toContain('Failed at: dns.');
});

it('does not resolve host names if an HTTP proxy is set', async () => {
  const env = {
    ...envFor(await startTestSandbox()),
    NODE_USE_ENV_PROXY: '1',
    HTTPS_PROXY: 'http://proxy.intranet:3128',
  };
  const { exitCode, stdout } = await runCli(['doctor'], { env });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('unknown dns: Not checked: requests go through an HTTP proxy');
});

it('reports the failed step and the fix: credentials', async () => {
  const sandbox = await startTestSandbox();
  const env = { ...envFor(sandbox), SIGNSTASH_CLIENT_SECRET: 'not+this%one' };
  const { exitCode, stdout, stderr } = await runCli(['doctor'], { env });
  expect(exitCode).toBe(3);
  expect(stdout).toContain('Failed at: token.');
  expect(stdout + stderr).not.toContain('not+this%one');
});

it('finds no difference between the assumed definition and itself', async () => {
  const sandbox = await startTestSandbox();
  const { exitCode, stdout } = await runCli(['doctor', '--contract', await serve(definition())], {
    env: envFor(sandbox),
  });
  expect(stdout).toContain('ok      contract: 0 differences, 0 in what is used.');
  expect(exitCode).toBe(0);
});

it('prints how the definition of a service differs from the assumed one', async () => {
  const sandbox = await startTestSandbox();
  const served = definition();
  const { schemas } = served.components;
  delete served.paths['/api/v0/operation/status/{operationId}'];
  delete schemas.SignatureInfo?.properties.reason;
  schemas.SignDocumentBase64Document!.properties.department = { type: 'string' };
  const run = await runCli(['doctor', '--json', '--contract', await serve(served)], { env: envFor(sandbox) });
  const differences = objectsOf(run).filter(({ type }) => type === 'difference');
  expect(differences).toContainEqual(
    expect.objectContaining({ kind: 'missing', where: 'GET /api/v0/operation/status/{}' }),
  );
  const where = differences.map(({ kind, where }) => `${kind} ${String(where)}`);
  expect(where).toContainEqual(expect.stringMatching(/^missing POST .*base64 request\..*\.reason$/));
  expect(where).toContainEqual(expect.stringMatching(/^added POST .*base64 request\..*\.department$/));
  expect(run.exitCode).toBe(1);
});

it('accepts a definition whose only differences are additions', async () => {
  const sandbox = await startTestSandbox();
  const served = { ...definition() };
  served.paths['/api/v0/report'] = { get: { responses: {} } };
  const { exitCode, stdout } = await runCli(['doctor', '--contract', await serve(served)], { env: envFor(sandbox) });
  expect(stdout).toContain('added GET /api/v0/report: a new operation');
  expect(exitCode).toBe(0);
});

it('refuses an address of a definition that is not a web address before it checks anything', async () => {
  const sandbox = await startTestSandbox();
  for (const address of ['openapi.json', 'file:///srv/openapi.json', 'http://']) {
    expect(await runCli(['doctor', '--contract', address], { env: envFor(sandbox) })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `error: Invalid --contract "${address}": expected an address that starts with http:// or https://.\n`,
    });
  }
  expect(sandbox.admin.counts().tokenRequests).toBe(0);
});

it('says why the address of a definition cannot be reached', async () => {
  const sandbox = await startTestSandbox();
  const other = await startTestSandbox();
  await other.close();
  const { exitCode, stdout } = await runCli(['doctor', '--contract', `${other.url}/openapi.json`], {
    env: envFor(sandbox),
  });
  expect(stdout).toContain(`The definition at ${other.url}/openapi.json cannot be read: ECONNREFUSED.`);
  expect(exitCode).toBe(1);
});
