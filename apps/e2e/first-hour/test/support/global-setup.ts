import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registryEnvironment, run, startRegistry } from '@signstash-connect/testing/registry';
import type { TestProject } from 'vitest/node';
import { root } from './readme.ts';

declare module 'vitest' {
  interface ProvidedContext {
    registry: string;
    /** Folder of npm's cache, new for every run. */
    npmCache: string;
  }
}

const packages = ['core', 'sandbox', 'verify', 'express', 'n8n-nodes-signstash'];
const pnpm = join(root, 'scripts/pnpm.mjs');

/** Publishes what is in the workspace now to a local registry, from which the tests install as the READMEs say. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const work = await mkdtemp(join(tmpdir(), 'first-hour-registry-'));
  const registry = await startRegistry(join(work, 'registry'));
  const end = async () => {
    await registry.close();
    await rm(work, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const env = await registryEnvironment(join(work, 'publisher'), registry.url);
    const tarballs = join(work, 'tarballs');
    await mkdir(tarballs);
    await run(process.execPath, [pnpm, 'run', '--silent', 'build', '--output-logs=errors-only'], { cwd: root });
    for (const name of packages) {
      const args = [pnpm, 'pack', '--pack-destination', tarballs];
      await run(process.execPath, args, { cwd: join(root, 'packages', name) });
    }
    for (const tarball of await readdir(tarballs)) {
      await run('npm', ['publish', '--loglevel=error', join(tarballs, tarball)], { cwd: work, env });
    }
    project.provide('registry', registry.url);
    project.provide('npmCache', join(work, 'npm-cache'));
    return end;
  } catch (error) {
    await end();
    throw error;
  }
}
