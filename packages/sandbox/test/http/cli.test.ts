import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';
import { connectSandboxAdmin } from '../../src/index.ts';
import { basic } from './talk.ts';

const cli = new URL('../../src/cli.ts', import.meta.url).pathname;
const state = join(tmpdir(), 'signstash-sandbox-http-tests');
const children: ChildProcess[] = [];

function run(...args: string[]) {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
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
  test('--json tells a program all it needs, and SIGTERM stops it cleanly', async () => {
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
    ]);
    expect(readFileSync(told.caCertificatePath, 'utf8')).toContain('BEGIN CERTIFICATE');
    const headers = { authorization: basic('me', 'a%b') };
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    expect((await fetch(told.tokenUrl, { method: 'POST', headers, body })).status).toBe(200);
    expect((await connectSandboxAdmin(told.url).counts()).tokensIssued).toBe(1);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('prints lines that a shell understands, and warns', async () => {
    const child = run('--port', '0', '--state', state);
    const text = output(child);
    await once(child.stdout, 'readable');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await text).toContain('NOT qualified');
    const lines = (await text).split('\n').filter((line) => line.startsWith('SIGNSTASH_'));
    const shell = spawn('sh', ['-c', `${lines.join('\n')}\nprintf %s "$SIGNSTASH_CLIENT_SECRET $SIGNSTASH_API_URL"`]);
    expect(await output(shell)).toMatch(/^fake\+sandbox\S+ http:\/\/127\.0\.0\.1:\d+\/signstash\//);
    expect(lines.map((line) => line.split('=')[0])).toEqual([
      'SIGNSTASH_TOKEN_URL',
      'SIGNSTASH_API_URL',
      'SIGNSTASH_PROXY_URL',
      'SIGNSTASH_CLIENT_ID',
      'SIGNSTASH_CLIENT_SECRET',
    ]);
  });

  test.each([
    [['--port', 'x'], '--port must be a whole number, not x'],
    [['--duplicates', 'maybe'], '--duplicates must be refuse or seal-again, not maybe'],
    [['--bogus'], "Unknown option '--bogus'"],
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
