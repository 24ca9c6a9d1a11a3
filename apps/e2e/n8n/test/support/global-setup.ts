import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type PackedNode, packNode } from './packed-node.ts';
import { ensureTools, type Tools } from './tools.ts';

declare module 'vitest' {
  interface ProvidedContext {
    tools: Tools;
    packed: PackedNode;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('tools', await ensureTools());
  const packed = await packNode();
  project.provide('packed', packed);
  return () => rm(dirname(packed.folder), { recursive: true });
}
