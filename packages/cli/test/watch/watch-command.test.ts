import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { simplePdf, startTestSandbox, temporaryFolder } from '@signstash-connect/testing';
import { expect, it, vi } from 'vitest';
import { envFor, objectsOf, runCli } from '../support/run-cli.ts';
import { testFolder, until } from './support/watched-folder.ts';

it('watches a folder from the command line until it is interrupted, and prints one object per event', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const folder = testFolder(root);
  const stop = new AbortController();
  const running = runCli(['watch', root, '--json', '--health-port', '0', '--reference-pattern', '{client}-{sha256}'], {
    env: envFor(sandbox),
    signal: stop.signal,
  });
  folder.drop('a.pdf', simplePdf());
  folder.drop('b.txt', 'not a PDF');
  await until(() => folder.files('processed').length === 1 && existsSync(folder.path('failed/b.txt.error.txt')));
  await until(() => folder.files('in').length === 0);
  stop.abort();
  const run = await running;

  expect(run.exitCode).toBe(0);
  const objects = objectsOf(run);
  expect(objects.map(({ type }) => type).sort()).toEqual(['closed', 'failed', 'signed', 'watching']);
  expect(objects.find(({ type }) => type === 'watching')).toMatchObject({ healthPort: expect.any(Number) });
  expect(objects.find(({ type }) => type === 'signed')).toMatchObject({
    file: 'a.pdf',
    reference: expect.stringMatching(/^PRT\..*-[0-9a-f]{64}$/),
  });
  expect(objects.at(-1)).toEqual({ type: 'closed', signed: 1, failed: 1, queued: 0 });
  expect(run.stdout + run.stderr).not.toContain(sandbox.clientSecret);
});

it('moves failed files back into the input folder on request and signs those that are correct now', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const folder = testFolder(root);
  const watch = async (args: string[], isDone: () => boolean) => {
    const stop = new AbortController();
    const running = runCli(['watch', root, ...args], { env: envFor(sandbox), signal: stop.signal });
    await until(isDone);
    stop.abort();
    return running;
  };
  sandbox.admin.addFault({ kind: 'document-error', endpoint: 'sign' });
  folder.drop('a.pdf', simplePdf());
  await watch([], () => existsSync(folder.path('failed/a.pdf.error.txt')) && folder.files('in').length === 0);
  const run = await watch(['--retry-failed', '--reference-pattern', '{client}-again-{sha256}'], () =>
    existsSync(folder.path('processed/a.pdf')),
  );
  expect(run.stdout).toContain('1 failed files moved back');
  expect(folder.files('failed')).toEqual([]);
  expect(folder.files('signed')).toEqual(['a.pdf']);
});

it('refuses a wrong reference pattern and missing settings before it creates or sends anything', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const wrong = await runCli(['watch', root, '--reference-pattern', '{nme}'], { env: envFor(sandbox) });
  expect(wrong).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('{nme} is unknown') });
  const missing = await runCli(['watch', root]);
  expect(missing.exitCode).toBe(3);
  expect(existsSync(`${root}/in`)).toBe(false);
});

it('says that it stopped signing and keeps the files if the credentials are refused', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const folder = testFolder(root);
  folder.drop('a.pdf', simplePdf());
  const port = await freePort();
  const stop = new AbortController();
  const running = runCli(['watch', root, '--health-port', `${port}`, '--health-host', '127.0.0.1'], {
    env: { ...envFor(sandbox), SIGNSTASH_CLIENT_SECRET: 'wrong' },
    signal: stop.signal,
  });
  await vi.waitFor(async () => {
    const ready = await fetch(`http://127.0.0.1:${port}/ready`);
    expect(await ready.json()).toMatchObject({ state: 'stopped', code: 'CREDENTIALS_REFUSED' });
  }, 10_000);
  stop.abort();
  expect((await running).stderr).toMatch(
    /^error: Stopped signing: .+ \(CREDENTIALS_REFUSED\) Files stay in the input folder\. Correct the cause, then restart signstash watch\.$/m,
  );
  expect(folder.files('in')).toEqual(['a.pdf']);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
