import { base } from './vitest.config.ts';

/** Tests that ask independent programs (pdfsig, openssl, qpdf …); `npm test` must run where only Node is. */
export default { ...base, test: { ...base.test, include: externalTests(), exclude: [] } };

function externalTests(): string[] {
  return ['packages/*/test/**/*.external.test.ts', 'apps/*/test/**/*.external.test.ts'];
}
