import { pdfs, startTestSandbox, temporaryFolder, writeFiles } from '@signstash-connect/testing';
import { expect, it, onTestFinished } from 'vitest';
import { startRedis } from '../../../scripts/test/redis.ts';
import { envFor, runCli } from './support/run-cli.ts';

async function setUp() {
  const sandbox = await startTestSandbox();
  const cwd = temporaryFolder();
  writeFiles(cwd, pdfs(1));
  const redis = await startRedis();
  onTestFinished(() => redis.close());
  return { sandbox, redis, options: { cwd, env: envFor(sandbox) } };
}

it('keeps two commands from signing the same file at the same time through Redis', async () => {
  const { sandbox, redis, options } = await setUp();
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 300 });
  const sign = (folder: string) => runCli(['sign', '0.pdf', '--lock', redis.url, '--out', folder], options);
  expect(await Promise.all([sign('a'), sign('b')])).toMatchObject([
    { exitCode: 0, stderr: '' },
    { exitCode: 0, stderr: '' },
  ]);
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});

it('signs without the lock and prints a warning if Redis cannot be reached', async () => {
  const { sandbox, redis, options } = await setUp();
  await redis.kill();
  const { exitCode, stderr } = await runCli(['sign', '0.pdf', '--lock', redis.url], options);
  expect(exitCode).toBe(0);
  expect(stderr).toContain('warning: The reference lock could not be reached');
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});

it('does not show the password of an invalid address', async () => {
  const { options } = await setUp();
  const { exitCode, stderr } = await runCli(['sign', '0.pdf', '--lock', 'rdis://:geheim@host'], options);
  expect(exitCode).toBe(3);
  expect(stderr).toBe('error: Invalid --lock: expected file:FOLDER or redis://HOST:PORT.\n');
});
