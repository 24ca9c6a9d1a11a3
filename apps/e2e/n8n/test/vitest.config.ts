import { defineConfig } from 'vitest/config';
import { base } from '../../../../vitest.config.ts';

/** Minutes, a real n8n and a browser: so not part of `npm test`. */
export default defineConfig({
  ...base,
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['verbose', new URL('../../../../scripts/test/plain-reporter.ts', import.meta.url).pathname],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Two n8n at once would slow each other beyond their own timeouts.
    fileParallelism: false,
  },
});
