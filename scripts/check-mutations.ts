// Breaks one rule at a time and checks that a test fails: a test that cannot fail proves nothing.
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
const stateMachine = `${core}/src/signing/sign-exactly-once.ts`;
const documentedErrors = `${core}/test/signing/documented-errors.test.ts`;
const model = `${core}/test/signing/model/model.test.ts`;
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
    from: 'if (!replayed.refused) return replayed.response;',
    to: 'if (!replayed.refused) return replayed.response; return this.send(request);',
    test: `${core}/test/http/authorized-transport.test.ts`,
  },
  {
    rule: 'a 401 for an inactive licence is not a refused token',
    file: `${core}/src/http/authorized-transport.ts`,
    from: 'if (!isTokenRefused({ ...response, text }))',
    to: 'if (response.status !== 401)',
    test: documentedErrors,
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
    file: `${core}/src/signing/operation-results.ts`,
    from: 'const details = entries.get(document.reference);',
    to: 'const details = operation.documents[documents.indexOf(document)];',
    test: `${core}/test/signing/sign.test.ts`,
  },
  {
    rule: 'after a lost answer the service is asked before anything is sent again',
    file: stateMachine,
    from: 'const { missing, ...result } = await this.#lookUps.until(limit, documents);',
    to: 'const { missing, ...result } = { found: [], failed: new Map(), missing: documents, limit };',
    test: `${core}/test/signing/sign-exactly-once.test.ts`,
  },
  {
    rule: 'where nothing can be asked, nothing is sent again',
    file: stateMachine,
    from: 'if (!calls.canQuery) return this.#leaveUnknown(documents, why, doubt);',
    to: "if (!calls.canQuery) return [{ state: 'send', documents, attempt: attempt + 1, doubt }];",
    test: `${core}/test/signing/sign-exactly-once.test.ts`,
  },
  {
    rule: 'a document named by an operation is not sent again: an answer without documents',
    file: stateMachine,
    from: "return 'error' in answer ? this.#afterFailure(state, answer.error) : [answer];",
    to: "if ('error' in answer) return this.#afterFailure(state, answer.error); return answer.answer?.documents.length || state.attempt > 1 ? [answer] : [{ ...state, attempt: 2 }];",
    test: documentedErrors,
  },
  {
    rule: 'a document named by an operation is not sent again: random services',
    file: stateMachine,
    from: "return 'error' in answer ? this.#afterFailure(state, answer.error) : [answer];",
    to: "if ('error' in answer) return this.#afterFailure(state, answer.error); return answer.answer?.documents.length || state.attempt > 1 ? [answer] : [{ ...state, attempt: 2 }];",
    test: model,
  },
  {
    rule: 'an answer that cannot be read may name its operation',
    file: stateMachine,
    from: "if (error.operationId !== undefined) return [{ state: 'named', documents, id: error.operationId }];",
    to: 'if (error.operationId !== undefined) return [{ ...state, attempt: attempt + 1 }];',
    test: documentedErrors,
  },
  {
    rule: 'a reference that is taken (0.0.7) is never sent again',
    file: stateMachine,
    from: "return [{ state: 'taken', documents, attempt, refusal: error, doubt }];",
    to: "return [{ state: 'in doubt', documents, attempt, doubt: error }];",
    test: documentedErrors,
  },
  {
    rule: 'a reference that is taken (0.0.7) is not a refusal',
    file: stateMachine,
    from: "return [{ state: 'taken', documents, attempt, refusal: error, doubt }];",
    to: 'return this.#afterRefusal(state, error);',
    test: model,
  },
  {
    rule: 'a failed look-up does not mean that the service does not have the document',
    file: stateMachine,
    from: "return [...named<T>(found), { state: 'send', documents: missing, attempt: 1 }];",
    to: "return [...named<T>(found), { state: 'send', documents: [...missing, ...failed.keys()], attempt: 1 }];",
    test: documentedErrors,
  },
  {
    rule: 'a refusal does not settle what an earlier attempt left open',
    file: stateMachine,
    from: 'if (documents.length > 0 && doubt && !isCertain(error))',
    to: 'if (false)',
    test: model,
  },
  {
    rule: 'what stays open after the last attempt is unknown, and not sent again',
    file: stateMachine,
    from: 'if (attempt >= this.#policy.attempts) return [...found, ...this.#leaveUnknown(missing, why, doubt)];',
    to: '',
    test: documentedErrors,
  },
  {
    rule: 'the SaaS not finding a document of the proxy proves nothing',
    file: stateMachine,
    from: 'if (!calls.notFoundIsConclusive) {',
    to: 'if (false) {',
    test: `${core}/test/signing/sign-exactly-once.test.ts`,
  },
  {
    rule: 'nothing is sent again before the grace period is over',
    file: stateMachine,
    from: 'const limit = Math.max(grace, ',
    to: 'const limit = Math.max(0 * grace, ',
    test: model,
  },
  {
    rule: 'the same documents have the same request reference on every attempt',
    file: `${core}/src/signing/sign-request.ts`,
    from: 'documents.map(({ reference }) => reference).sort();',
    to: 'documents.map(() => String(Math.random()));',
    test: documentedErrors,
  },
  {
    rule: 'too many requests lower the number of parallel requests',
    file: `${core}/src/utils/adaptive-limiter.ts`,
    from: 'this.#limit = Math.max(1, Math.floor(Math.min(this.#limit, this.#running) / 2));',
    to: '',
    test: `${core}/test/utils/adaptive-limiter.test.ts`,
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
    file: `${core}/src/api/response/unpack-zip.ts`,
    from: ' && entry.crc32 === found.crc32',
    to: '',
    test: `${core}/test/api/documents-zip.test.ts`,
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
  {
    rule: 'an update of an encrypted PDF keeps the file identifier',
    file: 'packages/verify/src/pdf/changes.ts',
    from: 'if (set.current.isEncrypted) {',
    to: 'if (set.signedEnd < 0) {',
    test: 'packages/verify/test/encrypted-pdf.test.ts',
  },
  {
    rule: 'a timestamp of a revoked authority proves no time',
    file: 'packages/verify/src/cms/timestamp.ts',
    from: "if (status !== 'revoked') continue;",
    to: 'if (status) continue;',
    test: 'packages/verify/test/timestamps.test.ts',
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
