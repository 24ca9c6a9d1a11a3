import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('package.json is the only file that names a pnpm version', () => {
  const root = new URL('../../../', import.meta.url);
  const files = execFileSync('git', ['grep', '-lE', 'pnpm@[0-9]', '--', ':!pnpm-lock.yaml'], { cwd: root }).toString();
  expect(files).toBe('package.json\n');
});
