import { TrustStore } from './certificates/trust.ts';
import { concludeVerdict, type Reason, type SignatureReport, type VerificationReport } from './report.ts';
import { verifyDocument } from './verify-document.ts';

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

/**
 * A check for newly signed files, as `signFiles` of `@signstash-connect/core/adapter/node` takes it: why a file must not be
 * accepted, or undefined.
 *
 * @param roots - Paths of certificates, or of folders with them.
 * @throws `TypeError` if a path contains no certificate, or a malformed one.
 */
export async function createSignedFileCheck(
  level: VerificationLevel,
  roots: readonly string[],
  signal: AbortSignal,
): Promise<(content: Uint8Array, original: { readonly path: string }) => Promise<string | undefined>> {
  const trust = await TrustStore.fromPaths(roots);
  return async (content, { path }) => {
    // Core has compared a PDF with its original; CAdES and XAdES signatures are compared here.
    const isPdf = Buffer.from(content.subarray(0, 5)).toString('latin1') === '%PDF-';
    const report = await verifyDocument(content, { trust, signal, ...(isPdf ? {} : { original: path }) });
    return findProblem(report, level)?.replace(/\.$/, '');
  };
}

const reasonsOf = ({ reasons }: SignatureReport) => reasons;
