import { concludeVerdict, type Reason, type SignatureReport, type VerificationReport } from './report.ts';

/**
 * What a newly signed document has to pass:
 * - `signature`: its newest signature is intact and covers the document; it need not chain to a given root.
 * - `chain`: it also chains to a given root, and so does its timestamp.
 */
export type VerificationLevel = 'signature' | 'chain';

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
  const verdict = concludeVerdict(reasons);
  if (verdict === 'valid' || (verdict === 'valid-but-untrusted' && level === 'signature')) return undefined;
  const decisive = reasons.filter(({ severity }) => severity !== 'note');
  return [...new Set(decisive.map(({ message }) => message))].join(' ');
}

const reasonsOf = ({ reasons }: SignatureReport) => reasons;
