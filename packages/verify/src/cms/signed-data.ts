import { createHash } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { type Certificate, tryParseCertificate } from '../certificates/certificate.ts';
import { decode, type Reason, reason, toProblem, VerificationProblem } from '../report.ts';
import {
  type DigestAlgorithm,
  digestByOid,
  type SignatureScheme,
  signatureScheme,
  verifySignature,
  weaknesses,
} from './algorithms.ts';
import { assertWellFormed, malformedCms, readFirstElement } from './der.ts';

const OID = {
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  timeStampToken: '1.2.840.113549.1.9.16.2.14',
  adobeRevocation: '1.2.840.113583.1.1.8',
  revocationValues: '1.2.840.113549.1.9.16.2.24',
  archiveTimestampV3: '0.4.0.1733.2.4',
  sha256: '2.16.840.1.101.3.4.2.1',
};

/** A CMS SignedData (RFC 5652, 5). */
export interface Cms {
  contentType: string;
  /** The content it carries; absent in a detached signature. */
  content: Buffer | undefined;
  certificates: Certificate[];
  /** DER of certificate revocation lists. */
  crls: Buffer[];
  signers: pkijs.SignerInfo[];
}

/** What one SignerInfo says and whether it holds. */
export interface SignerResult {
  certificate: Certificate | undefined;
  integrity: 'intact' | 'broken' | 'unknown';
  reasons: Reason[];
  digest?: DigestAlgorithm;
  scheme?: SignatureScheme;
  weakAlgorithms: string[];
  claimedSigningTime?: Date;
  /** Has the signing-certificate attribute that every baseline level requires. */
  namesCertificate: boolean;
  signatureValue: Buffer;
  /** DER of RFC 3161 tokens over the signature value. */
  timestampTokens: Buffer[];
  hasArchiveTimestamp: boolean;
  /** DER of embedded OCSP responses and revocation lists. */
  ocsps: Buffer[];
  crls: Buffer[];
}

export function parseCms(bytes: Uint8Array, what = 'signature'): Cms {
  const { der, end } = readFirstElement(bytes);
  if (end !== bytes.length) throw malformedCms(`The ${what} is followed by other data.`);
  assertWellFormed(der, what);
  return decode(`The ${what} is not a well-formed CMS SignedData.`, () => {
    const info = pkijs.ContentInfo.fromBER(der);
    if (info.contentType !== OID.signedData) throw malformedCms(`The ${what} is not a CMS SignedData.`);
    const data = new pkijs.SignedData({ schema: info.content });
    const { eContentType, eContent } = data.encapContentInfo;
    const certificates = (data.certificates ?? []).filter((entry) => entry instanceof pkijs.Certificate);
    const crls = (data.crls ?? []).filter((entry) => entry instanceof pkijs.CertificateRevocationList);
    return {
      contentType: eContentType,
      content: eContent && octetsOf(eContent),
      certificates: certificates
        .map((entry) => tryParseCertificate(toDer(entry.toSchema())))
        .filter((entry) => entry !== undefined),
      crls: crls.map((entry) => toDer(entry.toSchema())),
      signers: data.signerInfos,
    };
  });
}

/** Checks one signer of a CMS against the digest of the content. */
export async function verifySigner(
  cms: Cms,
  signer: pkijs.SignerInfo,
  digestContent: (algorithm: DigestAlgorithm) => Promise<Buffer>,
): Promise<SignerResult> {
  const result: SignerResult = {
    certificate: findSigner(cms, signer),
    integrity: 'unknown',
    reasons: [],
    weakAlgorithms: [],
    namesCertificate: false,
    signatureValue: Buffer.from(signer.signature.valueBlock.valueHexView),
    timestampTokens: [],
    hasArchiveTimestamp: false,
    ocsps: [],
    crls: [],
  };
  try {
    await checkSigner(cms, signer, digestContent, result);
  } catch (error) {
    const problem = toProblem(error);
    result.reasons.push(problem.reason);
    if (problem.reason.severity === 'invalid') result.integrity = 'broken';
  }
  return result;
}

async function checkSigner(
  cms: Cms,
  signer: pkijs.SignerInfo,
  digestContent: (algorithm: DigestAlgorithm) => Promise<Buffer>,
  result: SignerResult,
): Promise<void> {
  readUnsignedAttributes(signer, result);
  const digest = digestByOid(signer.digestAlgorithm.algorithmId);
  const scheme = signatureScheme(signer.signatureAlgorithm, digest);
  Object.assign(result, { digest, scheme });
  const key = result.certificate?.x509.publicKey;
  result.weakAlgorithms = weaknesses([digest, scheme.digest], key);
  if (scheme.family !== 'ed' && scheme.digest.name !== digest.name) {
    throw new VerificationProblem(
      'invalid',
      'algorithm-mismatch',
      `The content is digested with ${digest.name}, but the signature algorithm states ${scheme.digest.name}.`,
    );
  }
  if (!signer.signedAttrs) {
    // Such a signature could be moved between content and signed attributes (RFC 5652, 11 errata; RFC 8933).
    throw new VerificationProblem(
      'indeterminate',
      'unsupported',
      'A signature without signed attributes is not supported.',
    );
  }
  const attributes = readSignedAttributes(signer);
  const contentType = attributes.get(OID.contentType);
  if (!(contentType instanceof asn1js.ObjectIdentifier) || contentType.valueBlock.toString() !== cms.contentType) {
    throw malformedCms('The content-type attribute of the signature does not match its content.');
  }
  const messageDigest = attributes.get(OID.messageDigest);
  if (!(messageDigest instanceof asn1js.OctetString))
    throw malformedCms('The signature has no message-digest attribute.');
  const time = attributes.get(OID.signingTime);
  if (time instanceof asn1js.UTCTime || time instanceof asn1js.GeneralizedTime)
    result.claimedSigningTime = time.toDate();
  const revocation = attributes.get(OID.adobeRevocation);
  if (revocation) readAdobeRevocation(revocation, result);

  if (!result.certificate || !key) {
    throw new VerificationProblem(
      'indeterminate',
      'signing-certificate-missing',
      'The signature does not contain the certificate of its signer.',
    );
  }
  const expected = Buffer.from(messageDigest.valueBlock.valueHexView);
  if (!(await digestContent(digest)).equals(expected)) {
    throw new VerificationProblem('invalid', 'digest-mismatch', 'The document was changed after it was signed.');
  }
  if (!verifySignature(scheme, key, signedAttributesDer(signer), result.signatureValue)) {
    throw new VerificationProblem(
      'invalid',
      'signature-mismatch',
      'The signature value does not match the signer’s key.',
    );
  }
  result.integrity = 'intact';
  checkSigningCertificate(attributes, result);
  if (result.weakAlgorithms.length > 0) {
    const message = `The signature relies on ${result.weakAlgorithms.join(' and ')}, which is no longer secure.`;
    result.reasons.push(reason('indeterminate', 'weak-algorithm', message));
  }
}

/** Attributes by type. Each must be there once, with one value. */
function readSignedAttributes(signer: pkijs.SignerInfo): Map<string, asn1js.AsnType> {
  const attributes = new Map<string, asn1js.AsnType>();
  for (const { type, values } of signer.signedAttrs?.attributes ?? []) {
    // The library leaves a malformed attribute without values.
    const [value, ...others] = (values as asn1js.AsnType[] | undefined) ?? [];
    if (attributes.has(type) || !value || (others.length > 0 && type !== OID.adobeRevocation)) {
      throw malformedCms(`The signed attribute ${type} is not there exactly once.`);
    }
    attributes.set(type, value);
  }
  return attributes;
}

/** The signature is over the attributes as a SET, not in their [0] form (RFC 5652, 5.4). */
function signedAttributesDer(signer: pkijs.SignerInfo): Buffer {
  const encoded = Buffer.from(signer.signedAttrs!.encodedValue);
  encoded[0] = 0x31;
  return encoded;
}

function findSigner(cms: Cms, { sid }: pkijs.SignerInfo): Certificate | undefined {
  if (sid instanceof pkijs.IssuerAndSerialNumber) {
    return cms.certificates.find(
      ({ asn1 }) => asn1.issuer.isEqual(sid.issuer) && asn1.serialNumber.isEqual(sid.serialNumber),
    );
  }
  const identifier = keyIdentifierOf(sid);
  if (!identifier) return undefined;
  return cms.certificates.find(({ asn1 }) => {
    const extension = asn1.extensions?.find(({ extnID }) => extnID === '2.5.29.14')?.parsedValue;
    return extension instanceof asn1js.OctetString && identifier.equals(Buffer.from(extension.valueBlock.valueHexView));
  });
}

function keyIdentifierOf(sid: unknown): Buffer | undefined {
  const block = (sid as asn1js.Primitive | undefined)?.valueBlock;
  return block && 'valueHexView' in block ? Buffer.from(block.valueHexView) : undefined;
}

/** The attribute binds the certificate (RFC 5035): without it, another one with the same key could take its place. */
function checkSigningCertificate(attributes: Map<string, asn1js.AsnType>, result: SignerResult): void {
  const v2 = attributes.get(OID.signingCertificateV2);
  const v1 = attributes.get(OID.signingCertificate);
  const first = firstOf(firstOf(v2 ?? v1));
  if (!first) return;
  if (!(first instanceof asn1js.Sequence)) throw malformedCms('The signing-certificate attribute is malformed.');
  const parts = first.valueBlock.value;
  let digest = v2 ? digestByOid(OID.sha256) : { node: 'sha1', name: 'SHA-1', weak: true };
  let hash = parts[0];
  if (v2 && hash instanceof asn1js.Sequence) {
    const schema = hash;
    const { algorithmId } = decode(
      'The signing-certificate attribute is malformed.',
      () => new pkijs.AlgorithmIdentifier({ schema }),
    );
    digest = digestByOid(algorithmId);
    hash = parts[1];
  }
  const expected = hash instanceof asn1js.OctetString ? Buffer.from(hash.valueBlock.valueHexView) : undefined;
  const actual = createHash(digest.node).update(result.certificate!.x509.raw).digest();
  if (!expected?.equals(actual)) {
    throw new VerificationProblem(
      'invalid',
      'signing-certificate-mismatch',
      'The certificate in the signature is not the one that the signer named in it.',
    );
  }
  result.namesCertificate = true;
}

function firstOf(value: unknown): unknown {
  return value instanceof asn1js.Sequence ? value.valueBlock.value[0] : undefined;
}

function readUnsignedAttributes(signer: pkijs.SignerInfo, result: SignerResult): void {
  for (const { type, values } of signer.unsignedAttrs?.attributes ?? []) {
    for (const value of (values as asn1js.AsnType[] | undefined) ?? []) {
      if (type === OID.timeStampToken) result.timestampTokens.push(toDer(value));
      if (type === OID.archiveTimestampV3) result.hasArchiveTimestamp = true;
      if (type === OID.revocationValues) readTagged(value, result, 0, 1);
    }
  }
}

/** RevocationInfoArchival of ISO 32000-2, 12.8.3.3.2: [0] CRLs, [1] OCSP responses. */
function readAdobeRevocation(value: asn1js.AsnType, result: SignerResult): void {
  readTagged(value, result, 0, 1);
}

function readTagged(value: asn1js.AsnType, result: SignerResult, crlTag: number, ocspTag: number): void {
  if (!(value instanceof asn1js.Sequence)) return;
  for (const entry of value.valueBlock.value) {
    if (!(entry instanceof asn1js.Constructed)) continue;
    const items = entry.valueBlock.value.flatMap((item) =>
      item instanceof asn1js.Sequence ? item.valueBlock.value : [],
    );
    const ders = items.map((item) => toDer(item));
    const nested = entry.valueBlock.value.map((item) => toDer(item));
    if (entry.idBlock.tagNumber === crlTag) result.crls.push(...ders, ...nested);
    if (entry.idBlock.tagNumber === ocspTag) result.ocsps.push(...ders, ...nested);
  }
}

function octetsOf(value: asn1js.OctetString): Buffer {
  // asn1js also parses what a primitive string contains, if that happens to be DER.
  if (!value.idBlock.isConstructed) return Buffer.from(value.valueBlock.valueHexView);
  return Buffer.concat(
    value.valueBlock.value.map((part) => Buffer.from((part as asn1js.OctetString).valueBlock.valueHexView)),
  );
}

export function toDer(value: { toBER(): ArrayBuffer }): Buffer {
  return Buffer.from(value.toBER());
}
