import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

let root: string | undefined;

/** A new empty folder, gone when the test file is done. */
export function temporaryFolder(): string {
  return mkdtempSync(join(temporaryRoot(), '-'));
}

/** What all of them lie in: another one after a removal. */
export function temporaryRoot(): string {
  root ??= mkdtempSync(join(tmpdir(), 'signstash-sandbox-test-'));
  return root;
}

function removeAll(): void {
  if (root) rmSync(root, { recursive: true, force: true });
  root = undefined;
}

afterAll(removeAll);
// For test files that share one process: this module, and so its afterAll, is loaded for the first of them only.
process.once('exit', removeAll);

/** Writes bytes to a new file for a program to read. */
export function temporaryFile(bytes: Uint8Array): string {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, bytes);
  return path;
}
