import { defineConfig } from 'vitest/config';

const conditions = ['@signstash-connect/source'];

/** Tests that need a browser or a Redis, and minutes rather than seconds. */
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['e2e/**/*.test.ts'],
    reporters: ['verbose', new URL('../../../scripts/test/plain-reporter.ts', import.meta.url).pathname],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
