import type { TrustStore } from './certificates/trust.ts';
import type { Reason, SignatureReport, VerificationReport } from './report.ts';
import type { DocumentInput } from './source.ts';
import { verifyDocument } from './verify-document.ts';

/**
 * What a newly signed document has to pass:
 * - `signature`: its newest signature is intact and covers the document; it need not chain to a given root.
 * - `chain`: it also chains to a given root, and so does its timestamp.
 */
export type VerificationLevel = 'signature' | 'chain';

/** What a newly signed document is checked against. */
export interface CheckSignedOptions {
  level: VerificationLevel;
  /** Certificates that chains may end at. Required for `chain`. */
  trust?: TrustStore;
  /** The document before it was signed. If given, another document with a valid signature is refused. */
  original?: DocumentInput | undefined;
  /** The user or owner password of an encrypted PDF. */
  password?: string | undefined;
  /** Stops reading. */
  signal?: AbortSignal | undefined;
}

/**
 * Verifies a document that a signing service returned, at one of two levels.
 *
 * @returns Why the document must not be used, one or more sentences without the last full stop; undefined if it may be.
 * @throws {TypeError} If an option is invalid.
 * @throws {Error} If a document cannot be read; or if `signal` is aborted. The document must not be used then either.
 */
export async function checkSigned(content: DocumentInput, options: CheckSignedOptions): Promise<string | undefined> {
  const { level, ...verifyOptions } = options;
  if (level !== 'signature' && level !== 'chain') {
    throw new TypeError(`Invalid "level" "${level}": expected "signature" or "chain"`);
  }
  if (level === 'chain' && !options.trust?.anchors.length) {
    throw new TypeError('Level "chain" needs "trust" with at least one certificate');
  }
  return findProblem(await verifyDocument(content, verifyOptions), level)?.replace(/\.$/, '');
}

/**
 * Why a newly signed document must not be accepted: one or more sentences; undefined if it may be.
 *
 * Only the newest signature counts, and document timestamps after it. Signatures that the document had before come from
 * others; read the report's verdict to judge them too.
 */
export function findProblem(report: VerificationReport, level: VerificationLevel): string | undefined {
  const newest = report.signatures.findLastIndex(({ kind }) => kind !== 'document-timestamp');
  const earlier = new Set<Reason>(report.signatures.slice(0, Math.max(0, newest)).flatMap(reasonsOf));
  const reasons = report.reasons.filter((entry) => !earlier.has(entry));
  // For the verdict, a timestamp that is not trusted only proves no time.
  const isDecisive = ({ severity, code }: Reason) =>
    level === 'chain' ? severity !== 'note' || code === 'timestamp-untrusted' : isBroken(severity);
  const decisive = reasons.filter(isDecisive);
  if (decisive.length === 0) return undefined;
  return [...new Set(decisive.map(({ message }) => message))].join(' ');
}

const isBroken = (severity: Reason['severity']) => severity === 'invalid' || severity === 'indeterminate';

const reasonsOf = ({ reasons }: SignatureReport) => reasons;
