import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fence, fencesOf } from '../../src/fences.ts';

export const root = new URL('../../../../', import.meta.url).pathname;

/** Every page for users except the API reference, which is generated from sources. */
export const pages = globSync(
  [
    'README.md',
    'packages/*/README.md',
    'apps/*/README.md',
    'apps/e2e/*/README.md',
    'apps/docs/*.md',
    'apps/docs/start/*.md',
    'apps/docs/pt/**/*.md',
  ],
  { cwd: root },
).sort();

export const read = (page: string): string => readFileSync(join(root, page), 'utf8');

export const fences = (language: string): Fence[] =>
  pages.flatMap((page) => fencesOf(page, read(page)).filter((fence) => fence.language === language));
