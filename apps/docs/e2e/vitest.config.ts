import { defineConfig } from 'vitest/config';
import { base } from '../../../vitest.config.ts';

/** A process for each sample: so not part of `npm test`. */
export default defineConfig({
  ...base,
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['e2e/**/*.test.ts'],
    reporters: ['verbose', new URL('../../../scripts/test/plain-reporter.ts', import.meta.url).pathname],
    hookTimeout: 60_000,
  },
});
