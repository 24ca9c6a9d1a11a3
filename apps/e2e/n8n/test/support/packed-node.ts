import { mkdir, mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from './run.ts';

export const packageFolder = new URL('../../../../../packages/n8n-nodes-signstash', import.meta.url).pathname;
const pnpm = new URL('../../../../../scripts/pnpm.mjs', import.meta.url).pathname;

export interface PackedNode {
  /** The unpacked tarball, as npm would place it. */
  folder: string;
  /** Bytes of the tarball. */
  size: number;
}

/** Builds the tarball that would be published and unpacks it, without links into the workspace. */
export async function packNode(): Promise<PackedNode> {
  const folder = await mkdtemp(join(tmpdir(), 'e2e-n8n-pack-'));
  const args = [pnpm, 'pack', '--json', '--pack-destination', folder];
  const { stdout } = await mustRun(process.execPath, args, { cwd: packageFolder });
  const { filename } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { filename: string };
  await mkdir(join(folder, 'unpacked'));
  await mustRun('tar', ['xzf', filename, '-C', join(folder, 'unpacked'), '--strip-components=1']);
  return { folder: join(folder, 'unpacked'), size: (await stat(filename)).size };
}
