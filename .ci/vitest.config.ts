import { defineConfig } from 'vitest/config';

/** Tests read neighbours' sources, not their builds, so that no test passes against a stale `dist`. */
const conditions = ['@signstash-connect/source'];

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts'],
    // Tests that ask programs a newcomer may not have run apart: see vitest.external.config.ts.
    exclude: ['**/*.external.test.ts', '**/node_modules/**'],
    reporters: ['dot', new URL('./plain-reporter.ts', import.meta.url).pathname],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
