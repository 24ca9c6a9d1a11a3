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
    from: 'if (this.#flight && !this.#flight.cancelled) return this.#flight;',
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
    file: `${core}/src/signing/sign-exactly-once.ts`,
    from: 'const facts = byReference.get(document.reference);',
    to: 'const facts = operation.documents[group.indexOf(document)];',
    test: `${core}/test/signing/sign.test.ts`,
  },
  {
    rule: 'after a lost answer the service is asked before anything is sent again',
    file: `${core}/src/signing/sign-exactly-once.ts`,
    from: "const unknown = await this.#resolveKnown(group, 'lost answer');",
    to: 'const unknown = group;',
    test: `${core}/test/signing/sign-exactly-once.test.ts`,
  },
  {
    rule: 'where nothing can be asked, nothing is sent again',
    file: `${core}/src/signing/sign-exactly-once.ts`,
    from: 'if (!this.#calls.canQuery) return this.#outcomeUnknown(group, error);',
    to: 'if (!this.#calls.canQuery) return this.#send(group, attempt + 1);',
    test: `${core}/test/signing/sign-exactly-once.test.ts`,
  },
  {
    rule: 'a signed PDF begins with the bytes that were sent',
    file: `${core}/src/signing/content-check.ts`,
    from: "return rewritten && !strict ? 'rewritten' : 'it does not begin with the bytes that were sent';",
    to: 'return undefined;',
    test: `${core}/test/signing/content-check.test.ts`,
  },
  {
    rule: 'the digest in a PDF signature is that of the signed ranges',
    file: `${core}/src/signing/content-inspector.ts`,
    from: 'const intact = ranges.hex() === signedData.messageDigest;',
    to: 'const intact = true;',
    test: `${core}/test/signing/content-check.test.ts`,
  },
  {
    rule: 'the last PDF signature covers the whole file',
    file: `${core}/src/signing/pdf-signature.ts`,
    from: 'if (start === 0 && second + length === size)',
    to: 'if (start === 0)',
    test: `${core}/test/signing/content-check.test.ts`,
  },
  {
    rule: 'a CAdES signature is over the bytes that were sent',
    file: `${core}/src/signing/content-check.ts`,
    from: "return sent && signedData.messageDigest !== sent.sha256 ? 'it signs other bytes than were sent' : undefined;",
    to: 'return undefined;',
    test: `${core}/test/signing/content-check.test.ts`,
  },
  {
    rule: 'a signed content is not larger than its limit',
    file: `${core}/src/signing/content-check.ts`,
    from: 'if (this.#budget < 0) throw answerTooLarge();',
    to: '',
    test: `${core}/test/signing/content-limits.test.ts`,
  },
  {
    rule: 'the CRC-32 of every unpacked document is compared',
    file: `${core}/src/api/response/documents-zip.ts`,
    from: ' && entry.crc32 === found.crc32',
    to: '',
    test: `${core}/test/api/documents-zip.test.ts`,
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
    const vitest = ['run', '--bail', '1', '--retry', '0', test];
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
