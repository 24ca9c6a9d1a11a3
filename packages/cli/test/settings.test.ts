import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { simplePdf, startTestSandbox, temporaryFolder, writeFiles } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import type { CliIo } from '../src/io.ts';
import { loadSettings } from '../src/settings.ts';
import { envFor, runCli } from './support/run-cli.ts';

function ioIn(cwd: string, env: Record<string, string> = {}): CliIo {
  const stream = { write: () => true };
  return { stdout: stream, stderr: stream, env, cwd, signal: new AbortController().signal, exitCode: 0 };
}

it('takes a flag before a variable, and a variable before the configuration file', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'signstash.config.json'), '{"clientId":"file","reason":"file","location":"file"}');
  const env = { SIGNSTASH_CLIENT_ID: 'variable', SIGNSTASH_REASON: 'variable' };
  const settings = await loadSettings({ clientId: 'flag' }, ioIn(cwd, env));
  expect(settings.text('clientId')).toBe('flag');
  expect(settings.text('reason')).toBe('variable');
  expect(settings.text('location')).toBe('file');
  expect(['clientId', 'reason', 'location', 'timeout'].map(settings.nameOf)).toEqual([
    '--client-id',
    'SIGNSTASH_REASON',
    'location in signstash.config.json',
    'SIGNSTASH_TIMEOUT (or --timeout)',
  ]);
});

it('ignores empty variables', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'signstash.config.json'), '{"clientId":"file"}');
  const settings = await loadSettings({}, ioIn(cwd, { SIGNSTASH_CLIENT_ID: '' }));
  expect(settings.text('clientId')).toBe('file');
});

it.each([
  ['signstash.config.ts', "export default { reason: 'configured' satisfies string };"],
  ['signstash.config.mjs', "export default { reason: 'configured' };"],
  ['signstash.config.json', '{ "reason": "configured" }'],
  ['package.json', '{ "name": "shop", "signstash": { "reason": "configured" } }'],
])('reads settings from %s', async (name, text) => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, name), text);
  const settings = await loadSettings({}, ioIn(cwd));
  expect(settings.text('reason')).toBe('configured');
  expect(settings.nameOf('reason')).toBe(`reason in ${name}`);
});

it('reads the file that --config names, and reports a missing one', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'other.json'), '{"reason":"other"}');
  expect((await loadSettings({ config: 'other.json' }, ioIn(cwd))).text('reason')).toBe('other');
  await expect(loadSettings({ config: 'none.json' }, ioIn(cwd))).rejects.toThrow(
    'Invalid none.json: it cannot be read',
  );
});

it.each([
  ['an unknown setting', '{"cliendId":"x"}', 'Invalid signstash.config.json: unknown setting "cliendId"'],
  ['a nested value', '{"reason":{"a":1}}', 'Invalid reason in signstash.config.json: expected a text'],
  ['text that is not JSON', '{"reason"', 'Invalid signstash.config: it cannot be read'],
])('refuses %s in the configuration file', async (_, text, message) => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'signstash.config.json'), text);
  await expect(loadSettings({}, ioIn(cwd))).rejects.toThrow(message);
});

it('takes lists from the configuration file', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'signstash.config.json'), '{"deliveryEmails":["a@example.com","b@example.com"]}');
  const options = await (await loadSettings({}, ioIn(cwd))).signOptions();
  expect(options.preservation?.delivery?.receivers).toHaveLength(2);
});

it('reads the secret from a file', async () => {
  const sandbox = await startTestSandbox();
  const cwd = temporaryFolder();
  writeFiles(cwd, [{ name: 'a.pdf', bytes: simplePdf('a') }]);
  writeFileSync(join(cwd, 'secret'), `${sandbox.clientSecret}\n`);
  const { SIGNSTASH_CLIENT_SECRET: _, ...env } = envFor(sandbox);
  expect((await runCli(['sign', 'a.pdf', '--client-secret-file', 'secret'], { cwd, env })).exitCode).toBe(0);
});

it('names contradicting settings as the user gave them', async () => {
  const cwd = temporaryFolder();
  writeFiles(cwd, [{ name: 'a.pdf', bytes: simplePdf('a') }]);
  const env = { SIGNSTASH_API_URL: 'https://example.com/x', SIGNSTASH_CLIENT_ID: 'x', SIGNSTASH_CLIENT_SECRET: 'y' };
  const { exitCode, stderr } = await runCli(['sign', 'a.pdf', '--environment', 'staging'], { cwd, env });
  expect(exitCode).toBe(3);
  expect(stderr).toBe('error: --environment (staging) and SIGNSTASH_API_URL are both set: use one of them.\n');
});
