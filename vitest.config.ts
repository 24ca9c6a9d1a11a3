import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

/** Tests read neighbours' sources, not their builds, so that no test passes against a stale `dist`. */
const conditions = ['@signstash-connect/source'];

/** As n8n loads it: its CommonJS form, which Node takes as it is, instead of a thousand modules to transform. */
const n8nWorkflow = createRequire(new URL('./packages/n8n-nodes-signstash/package.json', import.meta.url)).resolve(
  'n8n-workflow',
);

export default defineConfig({
  root: new URL('.', import.meta.url).pathname,
  resolve: { conditions, alias: { 'n8n-workflow': n8nWorkflow } },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'scripts/**/test/**/*.test.ts'],
    // Tests that ask programs a newcomer may not have run apart: see vitest.external.config.ts.
    exclude: ['**/*.external.test.ts', '**/node_modules/**'],
    reporters: ['dot', new URL('./scripts/test/plain-reporter.ts', import.meta.url).pathname],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
