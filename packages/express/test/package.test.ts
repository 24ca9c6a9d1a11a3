import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

it.each([
  ['require', ['-p', "Object.keys(require('@signstash-connect/express')).sort().join()"]],
  [
    'import',
    ['--input-type=module', '-e', "console.log(Object.keys(await import('@signstash-connect/express')).sort().join())"],
  ],
])('can be loaded with %s', async (_how, parameters) => {
  const { stdout, stderr } = await run(process.execPath, parameters, { cwd: root });
  expect(stdout.trim()).toBe('SignHttpError,healthcheck,problemDetails,signResponse,signUpload,signstash');
  expect(stderr).toBe('');
});

it('does not import Express at run time', async () => {
  const files = await readdir(join(root, 'dist'), { recursive: true });
  const scripts = files.filter((file) => file.endsWith('.js'));
  expect(scripts).toContain('index.js');
  for (const file of scripts) {
    expect(await readFile(join(root, 'dist', file), 'utf8'), file).not.toMatch(/from ['"]express['"]/);
  }
});
