// Breaks one rule at a time and demands that a test notices: a test that cannot fail proves nothing.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Mutation {
  rule: string;
  file: string;
  /** Must occur exactly once. */
  from: string;
  to: string;
  /** Test file, or part of its path, that must fail. */
  test: string;
}

const core = 'packages/core';
const mutations: Mutation[] = [
  {
    rule: 'single flight: concurrent calls share one token request',
    file: `${core}/src/auth/token-manager.ts`,
    from: 'if (this.#flight && !this.#flight.abandoned) return this.#flight;',
    to: '',
    test: `${core}/test/auth/token-manager.test.ts`,
  },
  {
    rule: 'generation: a late renewal does not bring back an invalidated token',
    file: `${core}/src/auth/token-manager.ts`,
    from: 'if (generation !== this.#generation) return token;',
    to: '',
    test: `${core}/test/auth/token-manager.test.ts`,
  },
  {
    rule: 'refused credentials are never tried again',
    file: `${core}/src/auth/token-request.ts`,
    from: 'if (!passing || attempt',
    to: 'if (attempt',
    test: `${core}/test/auth/token-request.test.ts`,
  },
  {
    rule: 'a refused token leads to exactly one replay',
    file: `${core}/src/http/authorized-transport.ts`,
    from: 'if (replayed.status !== 401) return replayed;',
    to: 'if (replayed.status !== 401) return replayed; return this.send(request);',
    test: `${core}/test/http/authorized-transport.test.ts`,
  },
  {
    rule: 'a call that was refused once invalidates only its own token',
    file: `${core}/src/auth/token-manager.ts`,
    from: 'if (token !== this.#current) return;',
    to: '',
    test: `${core}/test/auth/token-manager.test.ts`,
  },
  {
    rule: 'answers are matched by reference, never by position',
    file: `${core}/src/client/seal-once.ts`,
    from: 'const facts = byReference.get(document.reference);',
    to: 'const facts = operation.documents[group.indexOf(document)];',
    test: `${core}/test/client/sign.test.ts`,
  },
  {
    rule: 'after a lost answer the service is asked before anything is sent again',
    file: `${core}/src/client/seal-once.ts`,
    from: "const unknown = await this.#takeKnown(group, 'lost answer');",
    to: 'const unknown = group;',
    test: `${core}/test/client/once.test.ts`,
  },
  {
    rule: 'where nothing can be asked, nothing is sent again',
    file: `${core}/src/client/seal-once.ts`,
    from: 'if (!this.#calls.canConsult) return this.#outcomeUnknown(group, error);',
    to: 'if (!this.#calls.canConsult) return this.#send(group, attempt + 1);',
    test: `${core}/test/client/once.test.ts`,
  },
  {
    rule: 'what was appended to a signed PDF must be explained',
    file: 'packages/verify/src/pdf/changes.ts',
    from: 'if (!set.explained.has(number)) {',
    to: 'if (number < 0) {',
    test: 'packages/verify/test/pdf-attacks.test.ts',
  },
  {
    rule: 'a PDF signature leaves nothing but itself uncovered',
    file: 'packages/verify/src/pdf/byte-range.ts',
    from: 'if (contents.start !== gapStart || contents.end !== gapEnd) {',
    to: 'if (contents.start < 0) {',
    test: 'packages/verify/test/pdf-attacks.test.ts',
  },
  {
    rule: 'an XML signature covers the whole document',
    file: 'packages/verify/src/xml/verify-xml.ts',
    from: "if (covers('document') || isEnveloping) return true;",
    to: 'return true;',
    test: 'packages/verify/test/xml-attacks.test.ts',
  },
];

const root = new URL('..', import.meta.url).pathname;
let survivors = 0;
for (const { rule, file, from, to, test } of mutations) {
  const path = join(root, file);
  const original = readFileSync(path, 'utf8');
  if (original.split(from).length !== 2) throw new Error(`${file} no longer has exactly one "${from}"`);
  try {
    writeFileSync(
      path,
      original.replace(from, () => to),
    );
    // One failing test is proof enough.
    const vitest = ['run', '--config', '.ci/vitest.config.ts', '--bail', '1', '--retry', '0', test];
    const { status, signal } = spawnSync(join(root, 'node_modules/.bin/vitest'), vitest, {
      cwd: root,
      timeout: 120_000,
    });
    const noticed = status !== 0 || signal !== null;
    if (!noticed) survivors++;
    console.log(`${noticed ? 'noticed ' : 'SURVIVED'}  ${rule}`);
  } finally {
    writeFileSync(path, original);
  }
}
process.exitCode = survivors > 0 ? 1 : 0;
