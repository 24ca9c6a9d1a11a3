import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type PackedNode, packNode } from './packed-node.ts';
import { openToolbox, type Toolbox } from './toolbox.ts';

declare module 'vitest' {
  interface ProvidedContext {
    toolbox: Toolbox;
    packed: PackedNode;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('toolbox', await openToolbox());
  const packed = await packNode();
  project.provide('packed', packed);
  return () => rm(dirname(packed.folder), { recursive: true });
}
