import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { signatureScheme, verifySignature, weaknesses } from '../cms/algorithms.ts';
import type { ChainReport, Reason } from '../report.ts';
import { reason, VerificationProblem } from '../report.ts';
import { type Certificate, distinguishedName, findExtension } from './certificate.ts';
import type { TrustAnchor, TrustStore } from './trust.ts';

const OID = {
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  timeStamping: '1.3.6.1.5.5.7.3.8',
};
/** Critical extensions that are processed here, or do not restrict the use for signatures. */
const KNOWN_CRITICAL = new Set([
  ...[OID.keyUsage, OID.basicConstraints, OID.extendedKeyUsage],
  // Certificate policies: any policy is accepted. QcStatements: reported. Subject alternative name: not used.
  ...['2.5.29.32', '1.3.6.1.5.5.7.1.3', '2.5.29.17'],
]);
const MAX_DEPTH = 10;
const MAX_ATTEMPTS = 200;

const KEY_USAGE = { digitalSignature: 0x80, nonRepudiation: 0x40, keyCertSign: 0x04, cRLSign: 0x02 };

export interface Chain {
  report: ChainReport;
  /** From the signer up to the last one found. */
  path: Certificate[];
  anchor?: TrustAnchor;
  reasons: Reason[];
}

/** Builds the path from a certificate to a given root, out of the certificates that the document carries. */
export function buildChain(
  leaf: Certificate,
  candidates: readonly Certificate[],
  trust: TrustStore,
  purpose: 'signing' | 'timestamping',
  at: Date,
): Chain {
  const anchors = trust.anchors.filter(({ purposes }) => purposes.includes(purpose));
  const search = new PathSearch(candidates, anchors, at);
  const { path, anchor } = search.run(leaf);
  const last = path.at(-1)!;
  const names = path.map(({ asn1 }) => distinguishedName(asn1.subject));
  if (anchor) {
    const problem = path.map((entry, depth) => findConstraintProblem(entry, depth)).find((found) => found);
    if (problem) {
      return {
        report: { status: 'invalid', path: names },
        path,
        reasons: [reason('invalid', 'chain-invalid', problem)],
      };
    }
    return { report: { status: 'trusted', path: names, anchor: anchor.name }, path, anchor, reasons: [] };
  }
  const isRoot = isIssuedBy(last, last);
  const message = isRoot
    ? `The chain ends at "${names.at(-1)}", which is not a given root.`
    : `The issuer "${distinguishedName(last.asn1.issuer)}" of the chain is neither in the document nor a given root.`;
  return {
    report: { status: isRoot ? 'untrusted' : 'incomplete', path: names },
    path,
    reasons: [reason('untrusted', isRoot ? 'chain-untrusted' : 'chain-incomplete', message)],
  };
}

class PathSearch {
  readonly #candidates: readonly Certificate[];
  readonly #anchors: readonly TrustAnchor[];
  readonly #at: Date;
  #attempts = 0;

  constructor(candidates: readonly Certificate[], anchors: readonly TrustAnchor[], at: Date) {
    this.#candidates = candidates;
    this.#anchors = anchors;
    this.#at = at;
  }

  /** The first path that ends at an anchor; otherwise the longest one. */
  run(leaf: Certificate): { path: Certificate[]; anchor?: TrustAnchor } {
    let longest: Certificate[] = [leaf];
    const search = (path: Certificate[]): { path: Certificate[]; anchor: TrustAnchor } | undefined => {
      const last = path.at(-1)!;
      if (path.length > longest.length) longest = path;
      const own = this.#anchors.find(({ certificate }) => certificate.fingerprint === last.fingerprint);
      if (own && this.#isGranted(own)) return { path, anchor: own };
      for (const anchor of this.#anchors) {
        if (this.#isGranted(anchor) && this.#issued(anchor.certificate, last)) {
          return { path: [...path, anchor.certificate], anchor };
        }
      }
      if (path.length >= MAX_DEPTH) return undefined;
      for (const issuer of this.#candidates) {
        if (path.some(({ fingerprint }) => fingerprint === issuer.fingerprint)) continue;
        if (!this.#issued(issuer, last)) continue;
        const found = search([...path, issuer]);
        if (found) return found;
      }
      return undefined;
    };
    return search([leaf]) ?? { path: longest };
  }

  #issued(issuer: Certificate, subject: Certificate): boolean {
    if (!subject.asn1.issuer.isEqual(issuer.asn1.subject)) return false;
    if (this.#attempts++ > MAX_ATTEMPTS) return false;
    return isIssuedBy(subject, issuer);
  }

  #isGranted({ granted }: TrustAnchor): boolean {
    if (!granted) return true;
    return granted.some(({ from, to }) => from <= this.#at && (!to || this.#at < to));
  }
}

/** Whether the issuer's key made the signature of the certificate. */
export function isIssuedBy(subject: Certificate, issuer: Certificate): boolean {
  if (!subject.asn1.issuer.isEqual(issuer.asn1.subject)) return false;
  try {
    return subject.x509.verify(issuer.x509.publicKey);
  } catch {
    return false;
  }
}

/** Why a certificate may not be where it is in a path: 0 is the signer, the others are authorities. */
function findConstraintProblem({ asn1, x509 }: Certificate, depth: number): string | undefined {
  const name = `The certificate "${distinguishedName(asn1.subject)}"`;
  const unknown = asn1.extensions?.find(({ critical, extnID }) => critical && !KNOWN_CRITICAL.has(extnID));
  if (unknown) return `${name} has a critical extension ${unknown.extnID}, which is not supported.`;
  if (weaknesses([], x509.publicKey).length > 0) return `${name} has a key that is too short.`;
  if (depth === 0) return undefined;
  const constraints = findExtension(asn1, OID.basicConstraints)?.parsedValue;
  if (!(constraints instanceof pkijs.BasicConstraints) || !constraints.cA) return `${name} is not an authority.`;
  const usage = keyUsage(asn1);
  if (usage !== undefined && !(usage & KEY_USAGE.keyCertSign)) return `${name} may not issue certificates.`;
  const limit = constraints.pathLenConstraint;
  if (typeof limit === 'number' && depth - 1 > limit) return `${name} may not have ${depth - 1} authorities below it.`;
  return undefined;
}

/** The key usage bits of the first octet, or undefined if the certificate does not restrict them. */
function keyUsage(certificate: pkijs.Certificate): number | undefined {
  const parsed: unknown = findExtension(certificate, OID.keyUsage)?.parsedValue;
  if (parsed === undefined) return undefined;
  // A restriction that cannot be read permits nothing.
  return parsed instanceof asn1js.BitString ? (parsed.valueBlock.valueHexView[0] ?? 0) : 0;
}

/** Whether the certificate may be used for what it was used for. */
export function findUsageProblem({ asn1 }: Certificate, purpose: 'signing' | 'timestamping'): Reason | undefined {
  const usage = keyUsage(asn1);
  if (usage !== undefined && !(usage & (KEY_USAGE.digitalSignature | KEY_USAGE.nonRepudiation))) {
    return reason('invalid', 'key-usage', 'The key usage of the certificate does not allow signatures.');
  }
  if (purpose === 'signing') return undefined;
  // RFC 3161, 2.3: the only purpose, and critical.
  const extended = findExtension(asn1, OID.extendedKeyUsage);
  const purposes = extended?.parsedValue instanceof pkijs.ExtKeyUsage ? extended.parsedValue.keyPurposes : [];
  if (extended?.critical && purposes.length === 1 && purposes[0] === OID.timeStamping) return undefined;
  return reason('invalid', 'key-usage', 'The certificate of the timestamp is not for time stamping.');
}

/** The first certificate of a path that was not valid at the given time. */
export function findExpired(path: readonly Certificate[], at: Date): Certificate | undefined {
  return path.find(({ asn1 }) => at < asn1.notBefore.value || at > asn1.notAfter.value);
}

/** Whether a key made a signature over an encoded structure, such as a revocation list. */
export function isSignedBy(
  algorithm: pkijs.AlgorithmIdentifier,
  signed: Uint8Array,
  signature: Uint8Array,
  issuer: Certificate,
): boolean {
  try {
    const scheme = signatureScheme(algorithm);
    return !scheme.digest.weak && verifySignature(scheme, issuer.x509.publicKey, signed, signature);
  } catch (error) {
    if (error instanceof VerificationProblem) return false;
    throw error;
  }
}
