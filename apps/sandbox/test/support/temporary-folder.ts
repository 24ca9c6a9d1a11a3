import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let root: string | undefined;

/** A new empty folder, gone when the process ends. */
export function temporaryFolder(): string {
  if (!root) {
    const created = mkdtempSync(join(tmpdir(), 'signstash-sandbox-test-'));
    process.once('exit', () => rmSync(created, { recursive: true, force: true }));
    root = created;
  }
  return mkdtempSync(join(root, '-'));
}
