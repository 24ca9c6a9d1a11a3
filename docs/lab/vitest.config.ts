import { defineConfig } from 'vitest/config';
import base from '../../.ci/vitest.config.ts';

/** A process for each sample: so not part of `npm test`. */
export default defineConfig({
  ...base,
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['lab/**/*.test.ts'],
    reporters: ['verbose', new URL('../../.ci/plain-reporter.ts', import.meta.url).pathname],
    hookTimeout: 60_000,
  },
});
