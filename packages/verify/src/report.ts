/**
 * The conclusion of a verification:
 * - `valid`: every signature is intact, covers the document, and chains to a given root.
 * - `valid-but-untrusted`: as `valid`, but at least one signature does not chain to a given root.
 * - `invalid`: there is no signature, or at least one is broken, revoked, or does not cover what the document shows.
 * - `indeterminate`: the document could not be checked completely, for instance because it uses an unsupported feature.
 */
export type Verdict = 'valid' | 'valid-but-untrusted' | 'invalid' | 'indeterminate';

/** Why a verdict is not `valid`, or what to know about a valid signature. */
export interface Reason {
  /** Stable identifier, listed in the README. */
  code: ReasonCode;
  /** One English sentence. */
  message: string;
  /** How the reason affects the verdict; `note` does not. */
  severity: 'invalid' | 'indeterminate' | 'untrusted' | 'note';
}

export type ReasonCode =
  | 'no-signature'
  | 'unknown-format'
  | 'malformed-document'
  | 'malformed-signature'
  | 'unsupported'
  | 'encrypted'
  | 'limit-exceeded'
  | 'byte-range'
  | 'contents-outside-gap'
  | 'duplicate-entry'
  | 'unreferenced-signature'
  | 'overlapping-signatures'
  | 'not-a-revision'
  | 'change-not-allowed'
  | 'trailing-data'
  | 'digest-mismatch'
  | 'signature-mismatch'
  | 'algorithm-mismatch'
  | 'weak-algorithm'
  | 'signing-certificate-mismatch'
  | 'signing-certificate-missing'
  | 'content-missing'
  | 'partial-coverage'
  | 'ambiguous-reference'
  | 'document-type-declaration'
  | 'timestamp-invalid'
  | 'timestamp-untrusted'
  | 'chain-untrusted'
  | 'chain-incomplete'
  | 'chain-invalid'
  | 'key-usage'
  | 'certificate-not-valid-at-time'
  | 'signing-time-unproven'
  | 'revoked'
  | 'revocation-unusable'
  | 'original-mismatch';

/** What {@link verifyDocument} found. */
export interface VerificationReport {
  format: 'pdf' | 'cms' | 'xml' | 'unknown';
  verdict: Verdict;
  /** Everything that led to the verdict, and notes; includes the reasons of each signature. */
  reasons: Reason[];
  /** Oldest first. */
  signatures: SignatureReport[];
  /**
   * Present when `original` was given. PDF: the file starts with the bytes of the original. CMS: the signed content is
   * the original. XML: the document without its signatures is the original, both in exclusive canonical form.
   */
  startsWithOriginal?: boolean;
}

export type SignatureKind = 'PAdES' | 'CAdES' | 'XAdES' | 'document-timestamp';

/** Baseline levels of EN 319 122-1, EN 319 132-1 and EN 319 142-1; `none` lacks what B-B requires. */
export type SignatureLevel = 'none' | 'B-B' | 'B-T' | 'B-LT' | 'B-LTA';

export interface SignatureReport {
  kind: SignatureKind;
  level: SignatureLevel;
  verdict: Verdict;
  reasons: Reason[];
  /** Fully qualified name of the PDF signature field, or the `Id` of the XML signature. */
  name?: string;
  /** Whether the signed bytes and the signed attributes are unchanged. */
  integrity: 'intact' | 'broken' | 'unknown';
  coverage: Coverage;
  signer?: CertificateDetails;
  /** As the signer claims it, proven by nothing. */
  claimedSigningTime?: Date;
  timestamp?: TimestampReport;
  /** Such as `SHA-256`. */
  digestAlgorithm?: string;
  /** Such as `RSA` or `ECDSA P-256`. */
  signatureAlgorithm?: string;
  /** Algorithms and key sizes that are no longer considered secure, such as `SHA-1`. */
  weakAlgorithms: string[];
  chain: ChainReport;
  validity?: ValidityReport;
  revocation: RevocationReport;
}

export interface Coverage {
  /** The signature covers the whole file, except for the bytes that hold the signature itself. */
  wholeFile: boolean;
  /** What was appended after the signed revision of a PDF. */
  appended: AppendedChange[];
  /** Every appended change is of a kind that does not alter what was signed. */
  allowed: boolean;
}

export interface AppendedChange {
  kind: 'validation-data' | 'timestamp' | 'signature' | 'form-fields' | 'metadata' | 'other';
  allowed: boolean;
  detail: string;
}

export interface CertificateDetails {
  /** RFC 2253 style, most specific first. */
  subject: string;
  issuer: string;
  commonName?: string;
  /** Upper-case hexadecimal. */
  serialNumber: string;
  /** `organizationIdentifier` (2.5.4.97), such as `VATPT-999999990`. */
  organizationIdentifier?: string;
  notBefore: Date;
  notAfter: Date;
  /** SHA-256 of the DER, lower-case hexadecimal. */
  fingerprint: string;
  /** Key type and size, such as `RSA 2048` or `EC P-256`. */
  publicKey: string;
  qualified: QualifiedStatements;
}

/** Statements of EN 319 412-5 as the certificate claims them; only a trusted list can confirm them. */
export interface QualifiedStatements {
  /** QcCompliance: issued as an EU qualified certificate. */
  compliant: boolean;
  /** QcSSCD: the key is in a qualified signature or seal creation device. */
  qualifiedDevice: boolean;
  /** QcType. */
  types: ('signature' | 'seal' | 'website')[];
  /** QcCClegislation country codes; none means EU. */
  countries: string[];
}

export interface TimestampReport {
  time: Date;
  /** The token is intact and belongs to this signature. */
  valid: boolean;
  /** Its authority chains to a given root. */
  trusted: boolean;
  authority?: CertificateDetails;
  digestAlgorithm?: string;
}

export interface ChainReport {
  /** `trusted` to a given root; `untrusted` to a self-signed certificate that is not given; `incomplete` otherwise. */
  status: 'trusted' | 'untrusted' | 'incomplete' | 'invalid';
  /** Subjects from the signer up. */
  path: string[];
  /** Where the trust comes from, for instance the file name of a root or the service of a trusted list. */
  anchor?: string;
}

export interface ValidityReport {
  /** The time at which the certificates were checked. */
  at: Date;
  /** Where that time comes from. */
  basis: 'option' | 'timestamp' | 'claimed' | 'now';
  /** Every certificate of the path was valid at that time. */
  valid: boolean;
}

export interface RevocationReport {
  /** `not-embedded`: the document carries no answer for this certificate. Nothing is fetched. */
  status: 'good' | 'revoked' | 'not-embedded' | 'unusable';
  source?: 'ocsp' | 'crl';
  thisUpdate?: Date;
  revokedAt?: Date;
}

export function reason(severity: Reason['severity'], code: ReasonCode, message: string): Reason {
  return { severity, code, message };
}

/** The worst of the given reasons decides. */
export function concludeVerdict(reasons: readonly Reason[]): Verdict {
  const has = (severity: Reason['severity']) => reasons.some((entry) => entry.severity === severity);
  if (has('invalid')) return 'invalid';
  if (has('indeterminate')) return 'indeterminate';
  return has('untrusted') ? 'valid-but-untrusted' : 'valid';
}

/** A problem with the document that ends the check of it, or of one signature. */
export class VerificationProblem extends Error {
  override name = 'VerificationProblem';
  readonly reason: Reason;
  constructor(severity: 'invalid' | 'indeterminate', code: ReasonCode, message: string) {
    super(message);
    this.reason = reason(severity, code, message);
  }
}

/**
 * The problem that ended a check. Any other error is thrown again: one of the file system, an abort, a library that cannot be
 * loaded or a mistake in this package says nothing about the document.
 */
export function toProblem(error: unknown): VerificationProblem {
  if (error instanceof VerificationProblem) return error;
  throw error;
}

/**
 * Runs a library that decodes bytes of the document, and takes whatever it throws for malformed bytes. Nothing else may run
 * inside: a mistake there would be reported as a problem of the document.
 */
export function decode<T>(message: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof VerificationProblem) throw error;
    throw new VerificationProblem('invalid', 'malformed-signature', message);
  }
}
