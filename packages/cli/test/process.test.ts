import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { pdfs, startTestSandbox, temporaryFolder, writeFiles } from '@signstash-connect/testing';
import { expect, it, onTestFinished } from 'vitest';
import { envFor } from './support/run-cli.ts';

const main = new URL('../src/main.ts', import.meta.url).pathname;

interface Started {
  child: ChildProcess;
  /** What was printed so far. */
  text: () => { stdout: string; stderr: string };
  ended: Promise<number | null>;
}

/** Runs the program in a separate process. */
function start(args: readonly string[], { cwd = temporaryFolder(), env = {} as Record<string, string> } = {}): Started {
  const environment = { PATH: process.env.PATH, HOME: cwd, ...env };
  const child = spawn(process.execPath, ['--conditions=@signstash-connect/source', main, ...args], {
    cwd,
    env: environment,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
    });
  }
  return { child, text: () => printed, ended: once(child, 'close').then(([code]) => code as number | null) };
}

it.each(['--version', '-V'])('prints the version of its package for %s', async (flag) => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const run = start([flag]);
  expect(await run.ended).toBe(0);
  expect(run.text()).toEqual({ stdout: `${version}\n`, stderr: '' });
});

it('ends with 130 after SIGINT, and signs nothing twice when it is run again', async () => {
  const sandbox = await startTestSandbox();
  const cwd = temporaryFolder();
  writeFiles(cwd, pdfs(6));
  const options = { cwd, env: envFor(sandbox) };
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs: 2_000 });
  const first = start(['sign', '*.pdf', '--resume'], options);
  await expect.poll(() => sandbox.admin.counts().requests.sign, { timeout: 20_000, interval: 20 }).toBe(1);
  first.child.kill('SIGINT');
  expect(await first.ended).toBe(130);
  expect(first.text().stderr).toContain('continue with --resume');
  const second = start(['sign', '*.pdf', '--resume'], options);
  expect(await second.ended).toBe(0);
  const { documentsSigned, signedByReference } = sandbox.admin.counts();
  expect(documentsSigned).toBe(6);
  expect(Object.values(signedByReference)).toEqual(Array(6).fill(1));
});

it('runs a sandbox until it is interrupted', async () => {
  const state = temporaryFolder();
  const run = start(['sandbox', '--port', '0', '--state', state, '--json']);
  await expect.poll(() => run.text().stdout, { timeout: 25_000, interval: 50 }).toContain('\n');
  const { url, clientId } = JSON.parse(run.text().stdout) as { url: string; clientId: string };
  expect((await fetch(`${url}/openapi.json`)).status).toBe(200);
  expect(clientId).toMatch(/^PRT\./);
  run.child.kill('SIGINT');
  expect(await run.ended).toBe(0);
});

it('reads the secret from standard input', async () => {
  const sandbox = await startTestSandbox();
  const { SIGNSTASH_CLIENT_SECRET: secret = '', ...env } = envFor(sandbox);
  const run = start(['doctor', '--client-secret-file', '-'], { env });
  run.child.stdin?.end(`${secret}\n`);
  expect(await run.ended).toBe(0);
  expect(run.text().stdout).toContain('Ready to sign.');
});

it('exits without an error if the reader of its output closes the pipe', async () => {
  const cwd = temporaryFolder();
  writeFiles(cwd, pdfs(3));
  const run = start(['verify', '*.pdf', '--json'], { cwd });
  run.child.stdout?.destroy();
  await run.ended;
  expect(run.text().stderr).not.toContain('EPIPE');
});
