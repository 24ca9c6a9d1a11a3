import { createHash } from 'node:crypto';
import { type Certificate, describeCertificate } from './certificates/certificate.ts';
import { buildChain, findExpired, findUsageProblem } from './certificates/chain.ts';
import { checkRevocation, type RevocationData } from './certificates/revocation.ts';
import type { TrustStore } from './certificates/trust.ts';
import { describeKey } from './cms/algorithms.ts';
import type { SignerResult } from './cms/signed-data.ts';
import { type TimestampResult, timestampProblem, verifyTimestamp } from './cms/timestamp.ts';
import {
  type Coverage,
  concludeVerdict,
  type Reason,
  reason,
  type SignatureKind,
  type SignatureLevel,
  type SignatureReport,
  type ValidityReport,
} from './report.ts';

/** What the caller wants, with every default filled in. */
export interface Context {
  trust: TrustStore;
  /** The time to check certificates at, if the caller gives one. */
  at: Date | undefined;
  now: Date;
  /** Opens an encrypted PDF. */
  password: string | undefined;
  signal: AbortSignal | undefined;
}

/** What a format-specific part found out about a signature. */
export interface SignatureEvidence {
  kind: Exclude<SignatureKind, 'document-timestamp'>;
  name?: string;
  coverage: Coverage;
  signer: SignerResult;
  /** Certificates of the document that a path may use. */
  certificates: readonly Certificate[];
  revocation: RevocationData;
  claimedSigningTime?: Date | undefined;
  /** Reasons of the format itself. */
  reasons: readonly Reason[];
  /** What a signature timestamp is over; the value of the signature in CMS. */
  stampedBytes: Uint8Array;
  /** A document timestamp that covers the signature. */
  documentTimestamp?: TimestampResult | undefined;
  hasValidationData: boolean;
  /** A valid timestamp covers the validation data, too. */
  isArchived?: boolean;
}

/** Judges a signature whose bytes were checked: time, chain, validity, revocation, level and verdict. */
export async function judgeSignature(evidence: SignatureEvidence, context: Context): Promise<SignatureReport> {
  const { signer, kind } = evidence;
  const reasons: Reason[] = [...evidence.reasons, ...signer.reasons];
  const timestamp = await readTimestamp(evidence, context, reasons);
  const claimed = signer.claimedSigningTime ?? evidence.claimedSigningTime;
  const proven = timestamp?.report.trusted
    ? timestamp
    : evidence.documentTimestamp?.report.trusted
      ? evidence.documentTimestamp
      : undefined;
  const validity = chooseTime(context, proven, claimed);
  if (signer.hasArchiveTimestamp) {
    reasons.push(reason('indeterminate', 'unsupported', 'Archive timestamps of CAdES and XAdES are not supported.'));
  }
  const report: SignatureReport = {
    kind,
    level: 'none',
    verdict: 'indeterminate',
    reasons,
    ...(evidence.name !== undefined && { name: evidence.name }),
    integrity: signer.integrity,
    coverage: evidence.coverage,
    ...(signer.certificate && { signer: describeCertificate(signer.certificate) }),
    ...(claimed && { claimedSigningTime: claimed }),
    ...(timestamp && { timestamp: timestamp.report }),
    ...(signer.digest && { digestAlgorithm: signer.digest.name }),
    ...(signer.scheme && signer.certificate && { signatureAlgorithm: nameScheme(signer) }),
    weakAlgorithms: signer.weakAlgorithms,
    chain: { status: 'incomplete', path: [] },
    revocation: { status: 'not-embedded' },
  };
  if (signer.certificate) judgeCertificate(report, signer.certificate, validity, evidence, context);
  report.level = findLevel(evidence, timestamp);
  report.verdict = concludeVerdict(reasons);
  return report;
}

function judgeCertificate(
  report: SignatureReport,
  certificate: Certificate,
  { at, basis }: Omit<ValidityReport, 'valid'>,
  evidence: SignatureEvidence,
  context: Context,
): void {
  const { reasons } = report;
  const chain = buildChain(certificate, evidence.certificates, context.trust, 'signing', at);
  report.chain = chain.report;
  reasons.push(...chain.reasons);
  const usage = findUsageProblem(certificate, 'signing');
  if (usage) reasons.push(usage);

  const expired = findExpired(chain.path, at);
  report.validity = { at, basis, valid: !expired };
  if (expired) {
    const name = expired.fingerprint === certificate.fingerprint ? 'The certificate' : 'A certificate of the chain';
    const message = `${name} was not valid at ${at.toISOString()}.`;
    reasons.push(reason(basis === 'timestamp' ? 'invalid' : 'indeterminate', 'certificate-not-valid-at-time', message));
  } else if (basis === 'claimed' && findExpired(chain.path, context.now)) {
    const message = 'The certificate has expired, and no trusted timestamp proves that the signature is older.';
    reasons.push(reason('indeterminate', 'signing-time-unproven', message));
  }

  // Whoever has a stolen key can claim any time, so a revocation counts unless the time is proven.
  const revocationTime = basis === 'claimed' ? context.now : at;
  report.revocation = checkRevocation(certificate, chain.path[1], evidence.revocation, revocationTime);
  if (report.revocation.status === 'revoked')
    reasons.push(reason('invalid', 'revoked', 'The certificate was revoked.'));
  if (report.revocation.status === 'unusable') {
    reasons.push(reason('note', 'revocation-unusable', 'The embedded revocation data is not signed by the issuer.'));
  }
  for (const [index, authority] of chain.path.slice(1, -1).entries()) {
    const { status } = checkRevocation(authority, chain.path[index + 2], evidence.revocation, revocationTime);
    if (status === 'revoked') reasons.push(reason('invalid', 'revoked', 'An authority of the chain was revoked.'));
  }
}

async function readTimestamp(
  { signer, certificates, stampedBytes, revocation, documentTimestamp }: SignatureEvidence,
  { trust, at, now }: Context,
  reasons: Reason[],
): Promise<TimestampResult | undefined> {
  const existedAt = documentTimestamp?.report.trusted ? documentTimestamp.report.time : (at ?? now);
  let first: TimestampResult | undefined;
  for (const token of signer.timestampTokens) {
    try {
      const digest = async ({ node }: { node: string }) => createHash(node).update(stampedBytes).digest();
      const result = await verifyTimestamp(token, digest, { certificates, revocation, trust, existedAt });
      reasons.push(...result.reasons);
      first ??= result;
    } catch (error) {
      reasons.push(timestampProblem(error));
    }
  }
  return first;
}

function chooseTime(
  { at, now }: Context,
  proven: TimestampResult | undefined,
  claimed: Date | undefined,
): Omit<ValidityReport, 'valid'> {
  if (at) return { at, basis: 'option' };
  if (proven) return { at: proven.report.time, basis: 'timestamp' };
  // A time in the future proves that the claim is wrong.
  if (claimed && claimed <= now) return { at: claimed, basis: 'claimed' };
  return { at: now, basis: 'now' };
}

function findLevel(evidence: SignatureEvidence, timestamp: TimestampResult | undefined): SignatureLevel {
  const { signer, documentTimestamp, hasValidationData } = evidence;
  if (signer.integrity !== 'intact' || !signer.namesCertificate) return 'none';
  const isStamped = timestamp?.report.valid || documentTimestamp?.report.valid;
  if (!isStamped) return 'B-B';
  if (!hasValidationData) return 'B-T';
  return evidence.isArchived ? 'B-LTA' : 'B-LT';
}

export function nameScheme({ scheme, certificate }: SignerResult): string {
  const key = certificate ? describeKey(certificate.x509.publicKey) : '';
  if (scheme?.family === 'rsa-pss') return key.replace('RSA', 'RSA-PSS');
  return key.replace('EC ', 'ECDSA ');
}
