import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTools, startRegistry } from '@signstash-connect/testing/registry';
import type { TestProject } from 'vitest/node';
import { releasedClone } from './released-clone.ts';

export interface Released {
  /** The temporary clone that the packages were published from. */
  clone: string;
  /** A bare repository that it pushes to. */
  remote: string;
  registry: string;
  /** Temporary files; removed at the end. */
  work: string;
  /** Versions of the packages, by name. */
  versions: Record<string, string>;
  /** Programs of Node, by version. */
  nodes: Record<string, string>;
}

declare module 'vitest' {
  interface ProvidedContext {
    released: Released;
  }
}

/** Releases everything once; all tests check the result. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { nodes } = await ensureTools();
  const work = await mkdtemp(join(tmpdir(), 'e2e-release-'));
  const registry = await startRegistry(join(work, 'registry'));
  const end = async () => {
    await registry.close();
    await rm(work, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const { clone, remote, versions } = await releasedClone(work, registry.url);
    project.provide('released', { clone, remote, registry: registry.url, work, versions, nodes });
    return end;
  } catch (error) {
    await end();
    throw error;
  }
}
