import { defineConfig } from 'vitest/config';
import { base } from '../../vitest.config.ts';

/** The corpus comparison and the fuzz run take minutes, so they are not part of `npm test`. */
export default defineConfig({
  ...base,
  root: import.meta.dirname,
  test: { ...base.test, include: ['e2e/**/*.test.ts'], testTimeout: 900_000, hookTimeout: 600_000 },
});
