import { defineConfig } from 'vitest/config';
import { base } from '../../../vitest.config.ts';

/** Minutes, not seconds: so not part of `npm test`. */
export default defineConfig({
  ...base,
  root: import.meta.dirname,
  test: { ...base.test, include: ['test/**/*.test.ts'], testTimeout: 600_000 },
});
