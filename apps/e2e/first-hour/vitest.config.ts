import { defineConfig } from 'vitest/config';

/** Packs every package and installs it from a local registry, which takes minutes: not part of `npm test`. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@signstash-connect/source'] },
  ssr: { resolve: { conditions: ['@signstash-connect/source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['verbose', new URL('../../../scripts/test/plain-reporter.ts', import.meta.url).pathname],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    // Concurrent installations only slow each other down.
    fileParallelism: false,
  },
});
