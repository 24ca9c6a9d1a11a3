import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const script = new URL('../check-clones.ts', import.meta.url).pathname;

/** Longer than the shortest clone between two adapters, shorter than the shortest one elsewhere. */
const shared = `export function countLines(text: string): number {
  let lines = 0;
  for (const line of text.split('\\n')) {
    if (line.trim() !== '' && !line.startsWith('#')) lines++;
  }
  return lines;
}
`;

function checkClones(files: Readonly<Record<string, string>>) {
  const packages = mkdtempSync(join(tmpdir(), 'signstash-packages-'));
  onTestFinished(() => rmSync(packages, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(packages, path)), { recursive: true });
    writeFileSync(join(packages, path), content);
  }
  return spawnSync(process.execPath, [script, packages], { encoding: 'utf8', timeout: 120_000 });
}

it('refuses code that two adapters have in common, and names both places', { timeout: 240_000 }, () => {
  const { status, stderr } = checkClones({
    'express/src/lines.ts': `// Express\n${shared}`,
    'n8n-nodes-signstash/nodes/lines.ts': shared,
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/is in (express\/src\/lines\.ts|n8n-nodes-signstash\/nodes\/lines\.ts):\d+ and /);
});

it('accepts a short piece of code that an adapter and the sandbox have in common', { timeout: 240_000 }, () => {
  const { status, stderr } = checkClones({ 'express/src/lines.ts': shared, 'sandbox/src/lines.ts': shared });
  expect([status, stderr]).toEqual([0, '']);
});
