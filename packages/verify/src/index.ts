/**
 * Verifies electronic seals and signatures offline. Start at {@link verifyDocument}.
 *
 * @module @signstash-connect/verify
 */
export { type CheckSignedOptions, checkSigned, findProblem, type VerificationLevel } from './acceptance.ts';
export { type GrantedPeriod, type TrustAnchor, TrustStore } from './certificates/trust.ts';
export { loadTrustedList, type TrustedListOptions } from './certificates/trusted-list.ts';
export type {
  AppendedChange,
  CertificateDetails,
  ChainReport,
  Coverage,
  QualifiedStatements,
  Reason,
  ReasonCode,
  RevocationReport,
  SignatureKind,
  SignatureLevel,
  SignatureReport,
  TimestampReport,
  ValidityReport,
  Verdict,
  VerificationReport,
} from './report.ts';
export type { DocumentInput, RandomAccess } from './source.ts';
export { type VerifyOptions, verifyDocument } from './verify-document.ts';
