import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pdfs, startTestSandbox, temporaryFolder, writeFiles } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import { envFor, objectsOf, runCli } from './support/run-cli.ts';

async function setUp(count = 1) {
  const sandbox = await startTestSandbox();
  const cwd = temporaryFolder();
  writeFiles(cwd, pdfs(count));
  return { sandbox, cwd, env: envFor(sandbox) };
}

it('exits with 1 if some files failed, and signs the others', async () => {
  const { sandbox, ...options } = await setUp(2);
  writeFileSync(join(options.cwd, 'bad.pdf'), 'text');
  expect((await runCli(['sign', '*.pdf'], options)).exitCode).toBe(1);
  expect(sandbox.admin.counts().documentsSigned).toBe(2);
});

it.each([
  ['an unknown command', ['sing'], "unknown command 'sing'"],
  ['an unknown option', ['sign', 'a.pdf', '--owerwrite'], 'Did you mean --overwrite?'],
  [
    'the secret as an argument',
    ['sign', 'a.pdf', '--client-secret=shown'],
    'use SIGNSTASH_CLIENT_SECRET or --client-secret-file.',
  ],
  ['no argument', ['sign'], "missing required argument 'patterns'"],
  ['an invalid number', ['sign', 'a.pdf', '--batch-size', '100'], 'Expected a whole number from 1 to 99.'],
  ['a file that does not exist', ['sign', 'none.pdf', '--sandbox'], 'No such file: "none.pdf".'],
  [
    'a pattern without matches',
    ['sign', '*.xml', '--sandbox'],
    'No file matches "*.xml". If this is expected, use --allow-empty.',
  ],
])('exits with 2 for %s', async (_, args, message) => {
  const { exitCode, stdout, stderr } = await runCli(args);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('shown');
  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
});

it('exits with 0 for a pattern without matches if this is allowed', async () => {
  const { exitCode, stderr } = await runCli(['sign', '*.xml', '--allow-empty'], await setUp());
  expect(exitCode).toBe(0);
  expect(stderr).toContain('No file matches');
});

it('exits with 3 if settings are missing, naming all of them', async () => {
  const { cwd } = await setUp();
  const { exitCode, stderr } = await runCli(['sign', '0.pdf'], { cwd });
  expect(exitCode).toBe(3);
  for (const name of ['SIGNSTASH_ENVIRONMENT', 'SIGNSTASH_CLIENT_ID', 'SIGNSTASH_CLIENT_SECRET']) {
    expect(stderr).toContain(`${name} (or `);
  }
});

it('exits with 3 if the credentials are refused', async () => {
  const { cwd, env } = await setUp();
  const { exitCode, stderr } = await runCli(['sign', '0.pdf'], {
    cwd,
    env: { ...env, SIGNSTASH_CLIENT_SECRET: 'wrong' },
  });
  expect(exitCode).toBe(3);
  expect(stderr).toContain('CREDENTIALS_REFUSED');
});

it('exits with 4 if it cannot be determined whether a document was signed', async () => {
  const { sandbox, cwd, env } = await setUp();
  const { SIGNSTASH_API_URL: _, ...rest } = env;
  sandbox.admin.addFault({ kind: 'drop', endpoint: 'sign', phase: 'after', times: 9 });
  const viaProxy = { ...rest, SIGNSTASH_PROXY_URL: sandbox.proxyUrl, XDG_STATE_HOME: cwd };
  const { exitCode, stderr } = await runCli(['sign', '0.pdf'], { cwd, env: viaProxy });
  expect(stderr).toContain('OUTCOME_UNKNOWN');
  expect(exitCode).toBe(4);
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});

it('exits with 130 when cancelled, keeps the journal, and retrieves the rest afterwards', async () => {
  const { sandbox, cwd, env } = await setUp(4);
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs: 500 });
  const controller = new AbortController();
  const args = ['sign', '*.pdf', '--journal', 'run.jsonl', '--json'];
  const running = runCli(args, { cwd, env, signal: controller.signal });
  await expect.poll(() => sandbox.admin.counts().requests.sign, { timeout: 20_000, interval: 10 }).toBe(1);
  controller.abort();
  const cancelled = await running;
  expect(cancelled.exitCode).toBe(130);
  expect(cancelled.stderr).toContain('The journal is kept: continue with --resume.');
  expect(readdirSync(cwd)).toContain('run.jsonl');
  const resumed = await runCli(args, { cwd, env });
  expect(resumed.exitCode).toBe(0);
  expect(objectsOf(resumed).at(-1)).toMatchObject({ totals: { signed: 4 } });
  expect(sandbox.admin.counts().documentsSigned).toBe(4);
});

it('prints errors that concern the whole command as JSON, too', async () => {
  const { exitCode, stdout } = await runCli(['get', '1', '--json']);
  expect(exitCode).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ type: 'error', code: 'CONFIGURATION_MISSING' });
});
