import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);

test('everything that names a pnpm names the pinned one', () => {
  const { packageManager } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    packageManager: string;
  };
  const named = execFileSync('git', ['grep', '-hoE', 'pnpm@[0-9][0-9.]*[0-9]', '--', ':!pnpm-lock.yaml'], { cwd: root })
    .toString()
    .trim()
    .split('\n');
  expect(named.length).toBeGreaterThan(10);
  expect(new Set(named)).toEqual(new Set([packageManager]));
});
