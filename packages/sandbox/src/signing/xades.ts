import { randomBytes, sign } from 'node:crypto';
import { XmlC14NMode, XmlDocument, XmlElement } from 'libxml2-wasm';
import { SigningError, type WireSignatureInfo } from '../signer.ts';
import type { Authority, SigningIdentity } from './certificate-store.ts';
import { sha256, toDer } from './cms.ts';
import { timestampToken } from './timestamp.ts';

const NS = {
  ds: 'http://www.w3.org/2000/09/xmldsig#',
  xades: 'http://uri.etsi.org/01903/v1.3.2#',
  filter2: 'http://www.w3.org/2002/06/xmldsig-filter2',
};
const ALGORITHM = {
  sha256: 'http://www.w3.org/2001/04/xmlenc#sha256',
  ecdsa: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256',
  rsa: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  exclusive: 'http://www.w3.org/2001/10/xml-exc-c14n#',
  exclusiveWithComments: 'http://www.w3.org/2001/10/xml-exc-c14n#WithComments',
};

type AdvancedSignatureInfo = NonNullable<WireSignatureInfo['advancedSignatureInfo']>;
type SignatureTransform = NonNullable<AdvancedSignatureInfo['signatureTransform']>;

export interface XadesOptions extends AdvancedSignatureInfo {
  contentType: string;
  timestamp: boolean;
}

/**
 * Signs XML as XAdES baseline (B-B, or B-T with a timestamp): an enveloped signature over the whole document, placed as
 * the last child of `signatureLocation` (the root element when none is named).
 */
export function signXades(authority: Authority, content: Uint8Array, options: XadesOptions): Buffer {
  const document = parseDocument(content);
  try {
    const parent = findParent(document, options.signatureLocation);
    const transform = options.signatureTransform ?? 'ENVELOPED';
    const signature = buildSignature(authority, documentDigest(document, content, transform), transform, options);
    return insert(document, parent, signature);
  } finally {
    document.dispose();
  }
}

function parseDocument(content: Uint8Array): XmlDocument {
  let document: XmlDocument;
  try {
    document = XmlDocument.fromBuffer(content);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new SigningError('SIGN_OPERATION_INTERNAL_ERROR', `The document is not well-formed XML: ${reason}`);
  }
  if (!document.dtd) return document;
  document.dispose();
  // Default attributes and entities could make one document mean different things to different readers.
  throw new SigningError('SIGN_OPERATION_INTERNAL_ERROR', 'XML with a document type declaration cannot be signed');
}

/** How the real service wants the location written is not public: here, an element's name with or without its prefix. */
function findParent(document: XmlDocument, location: string | undefined): XmlElement {
  if (!location) return document.root;
  const name = /^[\p{L}_][\p{L}\p{N}._-]*(:[\p{L}_][\p{L}\p{N}._-]*)?$/u.test(location) ? location : undefined;
  const found = name && document.get(`//*[name()="${name}" or local-name()="${name}"]`);
  if (found instanceof XmlElement) return found;
  throw new SigningError('CONFIGURATION_SIGN_ERROR', `There is no element "${location}" to put the signature into`);
}

/** The digest of the document as a verifier will see it: without the new signature. */
function documentDigest(document: XmlDocument, content: Uint8Array, transform: SignatureTransform): Buffer {
  if (transform === 'ENVELOPED') return sha256(Buffer.from(canonicalize(document)));
  // These transforms remove every signature, not only their own.
  const copy = XmlDocument.fromBuffer(content);
  try {
    for (const signature of copy.find('//ds:Signature', { ds: NS.ds })) signature.remove();
    return sha256(Buffer.from(canonicalize(copy)));
  } finally {
    copy.dispose();
  }
}

/** Without comments: `URI=""` leaves them out whatever canonicalisation follows (XML Signature, 4.4.3.2). */
function canonicalize(document: XmlDocument): string {
  return document.canonicalizeToString({ mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0 });
}

function canonicalizeText(xml: string): Buffer {
  const document = XmlDocument.fromString(xml);
  try {
    return Buffer.from(canonicalize(document));
  } finally {
    document.dispose();
  }
}

function buildSignature(
  authority: Authority,
  digest: Buffer,
  transform: SignatureTransform,
  { canonicalTransform, contentType, timestamp }: XadesOptions,
): string {
  const id = `xades-${randomBytes(8).toString('hex')}`;
  const signedProperties = buildSignedProperties(id, authority.signer, contentType);
  const documentCanonicalization =
    canonicalTransform === 'EXCLUSIVE_WITH_COMMENTS' ? ALGORITHM.exclusiveWithComments : ALGORITHM.exclusive;
  const signedInfo = [
    `<ds:SignedInfo xmlns:ds="${NS.ds}">`,
    `<ds:CanonicalizationMethod Algorithm="${ALGORITHM.exclusive}"/>`,
    `<ds:SignatureMethod Algorithm="${isEc(authority.signer) ? ALGORITHM.ecdsa : ALGORITHM.rsa}"/>`,
    reference(`Id="${id}-document" URI=""`, [transformElement(transform), named(documentCanonicalization)], digest),
    reference(
      `Type="http://uri.etsi.org/01903#SignedProperties" URI="#${id}-properties"`,
      [named(ALGORITHM.exclusive)],
      sha256(canonicalizeText(signedProperties)),
    ),
    '</ds:SignedInfo>',
  ].join('');
  const value = signXml(authority.signer, canonicalizeText(signedInfo)).toString('base64');
  const signatureValue = `<ds:SignatureValue xmlns:ds="${NS.ds}">${value}</ds:SignatureValue>`;
  const certificates = [authority.signer.certificate, authority.caCertificate].map(
    ({ x509 }) => `<ds:X509Certificate>${x509.raw.toString('base64')}</ds:X509Certificate>`,
  );
  return [
    `<ds:Signature xmlns:ds="${NS.ds}" Id="${id}">`,
    signedInfo,
    signatureValue,
    `<ds:KeyInfo><ds:X509Data>${certificates.join('')}</ds:X509Data></ds:KeyInfo>`,
    `<ds:Object><xades:QualifyingProperties xmlns:xades="${NS.xades}" Target="#${id}">`,
    signedProperties,
    timestamp ? buildTimestamp(authority, canonicalizeText(signatureValue)) : '',
    '</xades:QualifyingProperties></ds:Object></ds:Signature>',
  ].join('');
}

function buildSignedProperties(id: string, { certificate }: SigningIdentity, contentType: string): string {
  const certificateDigest = sha256(certificate.x509.raw).toString('base64');
  const mimeType = /^[\w.+-]+\/[\w.+-]+$/.test(contentType) ? contentType : 'text/xml';
  return [
    `<xades:SignedProperties xmlns:ds="${NS.ds}" xmlns:xades="${NS.xades}" Id="${id}-properties">`,
    '<xades:SignedSignatureProperties>',
    `<xades:SigningTime>${new Date().toISOString().replace(/\.\d+/, '')}</xades:SigningTime>`,
    `<xades:SigningCertificateV2><xades:Cert><xades:CertDigest><ds:DigestMethod Algorithm="${ALGORITHM.sha256}"/>`,
    `<ds:DigestValue>${certificateDigest}</ds:DigestValue>`,
    '</xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>',
    `<xades:SignedDataObjectProperties><xades:DataObjectFormat ObjectReference="#${id}-document">`,
    `<xades:MimeType>${mimeType}</xades:MimeType>`,
    '</xades:DataObjectFormat></xades:SignedDataObjectProperties></xades:SignedProperties>',
  ].join('');
}

/** Level T: the sandbox's own timestamp over the signature value, which no signature covers. */
function buildTimestamp(authority: Authority, canonicalSignatureValue: Buffer): string {
  const token = toDer(timestampToken(authority, canonicalSignatureValue)).toString('base64');
  return [
    '<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:SignatureTimeStamp>',
    `<ds:CanonicalizationMethod Algorithm="${ALGORITHM.exclusive}"/>`,
    `<xades:EncapsulatedTimeStamp>${token}</xades:EncapsulatedTimeStamp>`,
    '</xades:SignatureTimeStamp></xades:UnsignedSignatureProperties></xades:UnsignedProperties>',
  ].join('');
}

function reference(attributes: string, transforms: readonly string[], digest: Buffer): string {
  return [
    `<ds:Reference ${attributes}><ds:Transforms>${transforms.join('')}</ds:Transforms>`,
    `<ds:DigestMethod Algorithm="${ALGORITHM.sha256}"/><ds:DigestValue>${digest.toString('base64')}</ds:DigestValue>`,
    '</ds:Reference>',
  ].join('');
}

function transformElement(transform: SignatureTransform): string {
  switch (transform) {
    case 'ENVELOPED':
      return named(`${NS.ds}enveloped-signature`);
    case 'XPATH':
      return named(
        'http://www.w3.org/TR/1999/REC-xpath-19991116',
        '<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath>',
      );
    case 'XPATH2_FILTER':
      return named(
        NS.filter2,
        `<filter:XPath xmlns:filter="${NS.filter2}" Filter="subtract">/descendant::ds:Signature</filter:XPath>`,
      );
    default:
      throw new SigningError('CONFIGURATION_SIGN_ERROR', `Unknown signatureTransform "${transform}"`);
  }
}

function named(algorithm: string, content = ''): string {
  return `<ds:Transform Algorithm="${algorithm}">${content}</ds:Transform>`;
}

function isEc({ privateKey }: SigningIdentity): boolean {
  return privateKey.asymmetricKeyType === 'ec';
}

/** XML signatures carry the two bare numbers of an ECDSA signature, without the DER that CMS puts around them. */
function signXml(signer: SigningIdentity, signedInfo: Buffer): Buffer {
  return sign('sha256', signedInfo, { key: signer.privateKey, ...(isEc(signer) && { dsaEncoding: 'ieee-p1363' }) });
}

/** A comment marks the place while the document is serialized, so that the signature's text is inserted unchanged. */
function insert(document: XmlDocument, parent: XmlElement, signature: string): Buffer {
  const marker = randomBytes(16).toString('hex');
  parent.addComment(marker);
  return Buffer.from(document.toString({ format: false }).replace(`<!--${marker}-->`, () => signature));
}
