import { createHash } from 'node:crypto';
import { XmlC14NMode, XmlDocument, type XmlElement, XmlError } from 'libxml2-wasm';
import { type Certificate, tryParseCertificate } from '../certificates/certificate.ts';
import { digestByName, type SignatureScheme, unsupported, verifySignature, weaknesses } from '../cms/algorithms.ts';
import type { SignerResult } from '../cms/signed-data.ts';
import { type Reason, reason, type SignatureReport, toProblem, VerificationProblem } from '../report.ts';
import { type Context, judgeSignature } from '../signature.ts';
import type { ByteSource } from '../source.ts';
import { findSignatures, isNested, parseXml, type SignedDocument, verifyReference } from './references.ts';
import {
  algorithm,
  base64,
  canonicalize,
  childElements,
  malformedXml,
  NS,
  only,
  readParts,
  required,
  type SignatureParts,
} from './signature-parts.ts';

const MAX_XML_BYTES = 64 * 1024 * 1024;
const MAX_SIGNATURES = 50;
const MAX_REFERENCES = 50;
const DIGEST_URI = /#(sha1|sha224|sha256|sha384|sha512)$/;

const METHODS: Record<string, { family: SignatureScheme['family']; digest: string; saltBytes?: number }> = {
  'http://www.w3.org/2000/09/xmldsig#rsa-sha1': { family: 'rsa', digest: 'SHA-1' },
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256': { family: 'rsa', digest: 'SHA-256' },
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384': { family: 'rsa', digest: 'SHA-384' },
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512': { family: 'rsa', digest: 'SHA-512' },
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1': { family: 'rsa-pss', digest: 'SHA-256', saltBytes: 32 },
  'http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1': { family: 'rsa-pss', digest: 'SHA-384', saltBytes: 48 },
  'http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1': { family: 'rsa-pss', digest: 'SHA-512', saltBytes: 64 },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1': { family: 'ec', digest: 'SHA-1' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256': { family: 'ec', digest: 'SHA-256' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384': { family: 'ec', digest: 'SHA-384' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512': { family: 'ec', digest: 'SHA-512' },
};

/**
 * Verifies the XML signatures of a document: enveloped ones over the whole document, or over its root element by Id,
 * and enveloping ones; as XAdES 1.3.2 or plain XML Signature.
 */
export async function verifyXml(
  source: ByteSource,
  original: ByteSource | undefined,
  context: Context,
): Promise<{ signatures: SignatureReport[]; reasons: Reason[]; startsWithOriginal?: boolean }> {
  if (source.size > MAX_XML_BYTES) {
    throw new VerificationProblem('indeterminate', 'limit-exceeded', 'The XML document is too large.');
  }
  const bytes = await source.read(0, source.size);
  const document = parseXml(bytes);
  try {
    const signed: SignedDocument = { bytes, document, signatures: findSignatures(document) };
    if (signed.signatures.length > MAX_SIGNATURES) {
      throw new VerificationProblem('indeterminate', 'limit-exceeded', 'The XML document has too many signatures.');
    }
    const signatures: SignatureReport[] = [];
    for (const element of signed.signatures) signatures.push(await verifyElement(signed, element, context));
    const startsWithOriginal = original && (await isMadeFrom(bytes, document, original));
    return { signatures, reasons: [], ...(startsWithOriginal !== undefined && { startsWithOriginal }) };
  } finally {
    document.dispose();
  }
}

async function verifyElement(signed: SignedDocument, element: XmlElement, context: Context): Promise<SignatureReport> {
  const result: SignerResult = {
    certificate: undefined,
    integrity: 'unknown',
    reasons: [],
    weakAlgorithms: [],
    namesCertificate: false,
    signatureValue: Buffer.alloc(0),
    timestampTokens: [],
    hasArchiveTimestamp: false,
    ocsps: [],
    crls: [],
  };
  let parts: SignatureParts | undefined;
  let certificates: Certificate[] = [];
  let stampedBytes: Buffer = Buffer.alloc(0);
  let wholeFile = false;
  try {
    parts = readParts(element);
    certificates = readCertificates(parts);
    stampedBytes = readUnsigned(parts, result);
    wholeFile = checkElement(signed, parts, certificates, result);
  } catch (error) {
    const problem = toProblem(error instanceof XmlError ? malformedXml('The XML signature is malformed.') : error);
    result.reasons.push(problem.reason);
    if (problem.reason.severity === 'invalid') result.integrity = 'broken';
  }
  const claimedSigningTime = parts && readSigningTime(parts);
  return judgeSignature(
    {
      kind: 'XAdES',
      ...(parts?.id !== undefined && { name: parts.id }),
      coverage: { wholeFile, appended: [], allowed: wholeFile },
      signer: result,
      certificates,
      revocation: result,
      claimedSigningTime,
      reasons: [],
      stampedBytes,
      hasValidationData: result.ocsps.length + result.crls.length > 0,
    },
    context,
  );
}

/** Returns whether the whole document is covered. */
function checkElement(
  signed: SignedDocument,
  parts: SignatureParts,
  certificates: readonly Certificate[],
  result: SignerResult,
): boolean {
  const { signedInfo, references } = parts;
  const methodUri = algorithm(required(signedInfo, NS.ds, 'SignatureMethod'));
  const method = METHODS[methodUri];
  if (!method) throw unsupported(`The signature algorithm "${methodUri}" is not supported.`);
  const scheme: SignatureScheme = { ...method, digest: digestByName(method.digest) };
  result.scheme = scheme;
  result.digest = scheme.digest;
  if (references.length === 0 || references.length > MAX_REFERENCES)
    throw malformedXml('A signature has no references, or too many.');
  const canonical = canonicalize(signedInfo, required(signedInfo, NS.ds, 'CanonicalizationMethod'));
  result.signatureValue = base64(parts.signatureValue);
  const matching = certificates.filter(({ x509 }) =>
    verifySignature(scheme, x509.publicKey, canonical, result.signatureValue, 'ieee-p1363'),
  );
  result.certificate = matching[0] ?? certificates[0];
  if (!result.certificate) {
    throw new VerificationProblem(
      'indeterminate',
      'signing-certificate-missing',
      'The signature does not contain the certificate of its signer.',
    );
  }
  if (matching.length === 0) {
    throw new VerificationProblem(
      'invalid',
      'signature-mismatch',
      'The signature value does not match the signer’s key.',
    );
  }
  const results = references.map((reference) => ({ reference, ...verifyReference(signed, parts, reference) }));
  const covers = (target: string) => results.some((entry) => entry.target === target);
  if (parts.signedProperties && !covers('signed-properties')) {
    throw new VerificationProblem(
      'invalid',
      'partial-coverage',
      'The signature does not cover its own SignedProperties.',
    );
  }
  if (parts.signedProperties) checkSigningCertificate(parts.signedProperties, matching, result);
  checkObjects(
    parts,
    results.some(({ target }) => target === 'object'),
  );
  result.weakAlgorithms = weaknesses(
    [scheme.digest, ...results.map(({ digest }) => digest)],
    result.certificate.x509.publicKey,
  );
  if (result.weakAlgorithms.length > 0) {
    const message = `The signature relies on ${result.weakAlgorithms.join(' and ')}, which is no longer secure.`;
    result.reasons.push(reason('indeterminate', 'weak-algorithm', message));
  }
  result.integrity = 'intact';
  const isEnveloping = signed.document.root.isSameNode(parts.element) && covers('object');
  if (covers('document') || isEnveloping) return true;
  result.reasons.push(reason('invalid', 'partial-coverage', 'The signature does not cover the whole XML document.'));
  return false;
}

/** What is in a signature is not part of the signed document, so nothing may hide there. */
function checkObjects({ objects, qualifyingProperties }: SignatureParts, objectIsReferenced: boolean): void {
  for (const object of objects) {
    const children = childElements(object);
    const isProperties = children.length === 1 && qualifyingProperties?.isSameNode(children[0]!);
    const isOnlyObject = objectIsReferenced && objects.length <= (qualifyingProperties ? 2 : 1);
    if (!isProperties && !isOnlyObject) {
      throw new VerificationProblem(
        'invalid',
        'partial-coverage',
        'The signature contains an Object that it does not cover.',
      );
    }
  }
  for (const properties of qualifyingProperties ? childElements(qualifyingProperties) : []) {
    if (properties.name !== 'SignedProperties' && properties.name !== 'UnsignedProperties') {
      throw malformedXml('The QualifyingProperties of a signature contain something else.');
    }
  }
}

/** The certificates are not covered by the signature; the property names the right one by its digest. */
function checkSigningCertificate(properties: XmlElement, matching: readonly Certificate[], result: SignerResult): void {
  const signatureProperties = only(properties, NS.xades, 'SignedSignatureProperties');
  const named =
    signatureProperties &&
    (only(signatureProperties, NS.xades, 'SigningCertificateV2') ??
      only(signatureProperties, NS.xades, 'SigningCertificate'));
  if (!named) return;
  const digest = required(required(named, NS.xades, 'Cert'), NS.xades, 'CertDigest');
  const name = DIGEST_URI.exec(algorithm(required(digest, NS.ds, 'DigestMethod')))?.[1];
  if (!name) throw unsupported('The digest algorithm of the signing certificate is not supported.');
  const expected = base64(required(digest, NS.ds, 'DigestValue'));
  const certificate = matching.find(({ x509 }) => createHash(name).update(x509.raw).digest().equals(expected));
  if (!certificate) {
    throw new VerificationProblem(
      'invalid',
      'signing-certificate-mismatch',
      'The certificate in the signature is not the one that the signer named in it.',
    );
  }
  result.certificate = certificate;
  result.namesCertificate = true;
}

function readCertificates({ keyInfo, unsignedProperties }: SignatureParts): Certificate[] {
  const elements = [
    ...(keyInfo?.find('ds:X509Data/ds:X509Certificate', NS) ?? []),
    ...(unsignedProperties?.find('.//xades:EncapsulatedX509Certificate', NS) ?? []),
  ] as XmlElement[];
  return elements.map((element) => tryParseCertificate(base64(element))).filter((entry) => entry !== undefined);
}

/** Timestamps and revocation data. Returns what a signature timestamp is over. */
function readUnsigned({ unsignedProperties, signatureValue }: SignatureParts, result: SignerResult): Buffer {
  const all = (path: string) => (unsignedProperties?.find(path, NS) ?? []) as XmlElement[];
  const stamps = all('xades:UnsignedSignatureProperties/xades:SignatureTimeStamp');
  result.timestampTokens = stamps.flatMap((stamp) =>
    childElements(stamp, NS.xades, 'EncapsulatedTimeStamp').map(base64),
  );
  result.ocsps = all('.//xades:EncapsulatedOCSPValue').map(base64);
  result.crls = all('.//xades:EncapsulatedCRLValue').map(base64);
  result.hasArchiveTimestamp = all('.//*[local-name()="ArchiveTimeStamp"]').length > 0;
  return canonicalize(signatureValue, stamps[0] && only(stamps[0], NS.ds, 'CanonicalizationMethod'));
}

function readSigningTime({ signedProperties }: SignatureParts): Date | undefined {
  const text = signedProperties?.get('xades:SignedSignatureProperties/xades:SigningTime', NS)?.content.trim();
  const time = text ? new Date(text) : undefined;
  return time && !Number.isNaN(time.getTime()) ? time : undefined;
}

/** Compares without signatures, in exclusive canonical form. An enveloping signature has no such form. */
async function isMadeFrom(
  bytes: Uint8Array,
  document: XmlDocument,
  original: ByteSource,
): Promise<boolean | undefined> {
  if (document.root.namespaceUri === NS.ds && document.root.name === 'Signature') return undefined;
  const originalBytes = await original.read(0, original.size);
  try {
    parseXml(originalBytes).dispose();
  } catch (error) {
    toProblem(error);
    return false;
  }
  return bare(bytes) === bare(originalBytes);
}

function bare(bytes: Uint8Array): string {
  const copy = XmlDocument.fromBuffer(bytes);
  try {
    const signatures = findSignatures(copy).filter((entry) => !isNested(entry));
    for (const signature of signatures) if (!copy.root.isSameNode(signature)) signature.remove();
    return copy.canonicalizeToString({ mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0, withComments: true });
  } finally {
    copy.dispose();
  }
}
