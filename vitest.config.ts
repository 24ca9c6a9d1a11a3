import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests read neighbours' sources, not their builds, so that no test passes against a stale `dist`. */
const conditions = ['@signstash-connect/source'];

/** As n8n loads it: its CommonJS form, which Node takes as it is, instead of a thousand modules to transform. */
const n8nWorkflow = createRequire(new URL('./packages/n8n-nodes-signstash/package.json', import.meta.url)).resolve(
  'n8n-workflow',
);

const root = new URL('.', import.meta.url).pathname;

const include = ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'scripts/**/test/**/*.test.ts'];
// Tests that ask programs a newcomer may not have run apart: see vitest.external.config.ts.
const exclude = ['**/*.external.test.ts', '**/node_modules/**'];

/** Tests that replace modules or load them again need a separate worker; all others share the modules that a worker has loaded. */
const replacingModules = globSync(include, { cwd: root, exclude }).filter((path) =>
  /\bvi\.(mock|doMock|resetModules)\(/.test(readFileSync(`${root}${path}`, 'utf8')),
);

/** What every vitest configuration of the repository begins with. */
export const base = defineConfig({
  root,
  resolve: { conditions, alias: { 'n8n-workflow': n8nWorkflow } },
  ssr: { resolve: { conditions } },
  test: {
    exclude,
    reporters: ['default', new URL('./scripts/test/plain-reporter.ts', import.meta.url).pathname],
    // Tests wait for sockets and processes more than they compute: two workers also on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    projects: [
      {
        extends: true,
        test: { name: 'shared', isolate: false, include, exclude: [...exclude, ...replacingModules] },
      },
      { extends: true, test: { name: 'isolated', include: replacingModules } },
    ],
  },
});
