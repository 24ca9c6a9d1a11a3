import { defineConfig } from 'vitest/config';

/** Minutes, a clone, a registry and several installations: so not part of `npm test`. */
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['verbose', new URL('../../../../scripts/test/plain-reporter.ts', import.meta.url).pathname],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    // They publish to one registry, and two installations at once only slow each other.
    fileParallelism: false,
  },
});
