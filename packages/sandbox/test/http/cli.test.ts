import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { unzipSync } from 'fflate';
import { afterEach, describe, expect, test } from 'vitest';
import { connectSandboxAdmin } from '../../src/index.ts';
import { assertNodeVersion } from '../../src/node-version.ts';
import { fixturePath } from '../support/fixtures.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { basic, stateDirectory as state } from './talk.ts';

const cli = new URL('../../src/cli.ts', import.meta.url).pathname;
const children: ChildProcess[] = [];

function run(...args: string[]) {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

/** Starts a sandbox whose output is collected; `stop` ends it and waits. */
async function start(...args: string[]) {
  const child = run(...args);
  let collected = '';
  child.stdout.on('data', (chunk) => {
    collected += chunk;
  });
  await once(child.stdout, 'data');
  const closed = once(child, 'close');
  const text = closed.then(() => collected);
  const stop = async () => {
    child.kill('SIGINT');
    expect(await closed).toEqual([0, null]);
  };
  return { child, text, collected: () => collected, stop };
}

async function output(child: ChildProcess, stream: 'stdout' | 'stderr' = 'stdout'): Promise<string> {
  let text = '';
  for await (const chunk of child[stream]!) text += chunk;
  return text;
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe('the command line', () => {
  test('--json prints everything that a program needs, and SIGTERM stops the sandbox cleanly', async () => {
    const child = run('--json', '--port', '0', '--state', state, '--client-id', 'me', '--client-secret', 'a%b');
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const told = JSON.parse(line);
    expect(Object.keys(told)).toEqual([
      'url',
      'tokenUrl',
      'apiUrl',
      'proxyUrl',
      'clientId',
      'clientSecret',
      'caCertificatePath',
      'adminToken',
    ]);
    expect(readFileSync(told.caCertificatePath, 'utf8')).toContain('BEGIN CERTIFICATE');
    const headers = { authorization: basic('me', 'a%b') };
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    expect((await fetch(told.tokenUrl, { method: 'POST', headers, body })).status).toBe(200);
    expect((await connectSandboxAdmin(told).counts()).tokensIssued).toBe(1);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('prints a warning and lines to paste into a shell, with the proxy commented out', async () => {
    const { text, stop } = await start('--port', '0', '--state', state);
    await stop();
    expect(await text).toContain('NOT qualified');
    const lines = (await text).split('\n').filter((line) => /^(# )?export /.test(line));
    const print = 'printf %s "$SIGNSTASH_CLIENT_SECRET $SIGNSTASH_API_URL [$SIGNSTASH_PROXY_URL]"';
    const shell = spawn('sh', ['-c', `${lines.join('\n')}\n${print}`], { env: { PATH: process.env.PATH } });
    expect(await output(shell)).toMatch(/^fake\+sandbox\S+ http:\/\/127\.0\.0\.1:\d+\/signstash\/\S+ \[\]$/);
    expect(lines.map((line) => /SIGNSTASH_\w+/.exec(line)![0])).toEqual([
      'SIGNSTASH_TOKEN_URL',
      'SIGNSTASH_API_URL',
      'SIGNSTASH_CLIENT_ID',
      'SIGNSTASH_CLIENT_SECRET',
      'SIGNSTASH_PROXY_URL',
    ]);
    const powerShell = (await text).split('\n').filter((line) => line.startsWith('$env:'));
    expect(powerShell).toHaveLength(4);
    expect(powerShell.at(-1)).toBe("$env:SIGNSTASH_CLIENT_SECRET = 'fake+sandbox/secret%2Bnot:real=&'");
  });

  test.each([
    [[], /^\d\d:\d\d:\d\d GET \/nowhere 404\n$/],
    [['--quiet'], /^$/],
  ])('logs requests on its terminal without their query: %j', async (args, log) => {
    const { child, collected, stop } = await start('--port', '0', '--state', state, ...args);
    const logged = output(child, 'stderr');
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(collected())!;
    await fetch(`${url}/nowhere?secret=1`);
    await stop();
    expect(await logged).toMatch(log);
  });

  test('says which port is in use and what to do', async () => {
    const { collected, stop } = await start('--port', '0', '--state', state);
    const [, port] = /127\.0\.0\.1:(\d+)/.exec(collected())!;
    const second = run('--port', port!, '--state', state);
    const [message, [code]] = await Promise.all([output(second, 'stderr'), once(second, 'exit')]);
    await stop();
    expect(message).toMatch(new RegExp(`Port ${port} is in use.*--port PORT`));
    expect(code).toBe(1);
  });

  test('curl prints the whole flow as commands that run unchanged', async () => {
    const folder = temporaryFolder();
    copyFileSync(fixturePath('pdf-lib.pdf'), join(folder, 'invoice.pdf'));
    const { collected, stop } = await start('--port', '0', '--state', state);
    const [, port] = /127\.0\.0\.1:(\d+)/.exec(collected())!;
    const script = await output(run('curl', '--port', port!));
    const shell = spawn('sh', ['-e', '-c', script], { cwd: folder });
    const printed = await output(shell);
    await stop();
    expect(printed).toContain('"status":"EXECUTED"');
    expect(printed).toMatch(/operation \d+\n/);
    expect(printed).toContain('saved signed.zip');
    const [name, signed] = Object.entries(unzipSync(readFileSync(join(folder, 'signed.zip'))))[0]!;
    expect(name).toMatch(/^curl-\d+-\d+\.invoice\.pdf$/);
    expect(Buffer.from(signed).includes('ETSI.CAdES.detached')).toBe(true);
  });

  test('refuses a Node.js that is too old', () => {
    expect(() => assertNodeVersion('20.20.2')).toThrow('needs Node.js 22 or newer, this is 20.20.2');
    expect(() => assertNodeVersion('22.0.0')).not.toThrow();
  });

  test.each([
    [['--port', 'x'], '--port must be a whole number, not x'],
    [['--duplicates', 'maybe'], '--duplicates must be refuse or refuse-signed or sign-again, not maybe'],
    [['--bogus'], "Unknown option '--bogus'. See --help."],
    [['--duplicate', 'refuse'], "Unknown option '--duplicate'. Did you mean --duplicates? See --help."],
    [['serve'], 'Unknown command "serve": expected none or "curl". See --help.'],
  ])('refuses %j', async (args, message) => {
    const child = run(...args);
    const [text, [code]] = await Promise.all([output(child, 'stderr'), once(child, 'exit')]);
    expect(text).toContain(message);
    expect(code).toBe(1);
  });

  test('--help and --version', async () => {
    expect(await output(run('--help'))).toContain('Usage: signstash-sandbox');
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect((await output(run('--version'))).trim()).toBe(version);
  });
});
