import { createHash, randomUUID, sign } from 'node:crypto';
import { XmlC14NMode, XmlDocument, type XmlElement } from 'libxml2-wasm';
import type { Identity } from './authority.ts';

export const DS = 'http://www.w3.org/2000/09/xmldsig#';
const XADES = 'http://uri.etsi.org/01903/v1.3.2#';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const ENVELOPED = `<ds:Transform Algorithm="${DS}enveloped-signature"/>`;

export interface XmlSignOptions {
  signer: Identity;
  /** `""` for the whole document, or `#id`. */
  uri?: string;
  transforms?: string;
  digestMethod?: string;
  signatureMethod?: string;
  /** The certificate that SignedProperties names; `null` makes plain XML Signature without them. */
  named?: Identity | null;
  /** SignedProperties without a reference to them. */
  unsignedProperties?: boolean;
  /** Another ds:Object. */
  object?: string;
}

/** Signs the root element, or the element with the Id of `uri`, and appends the signature to the root. */
export function signXml(xml: string, options: XmlSignOptions): string {
  const { signer, uri = '', named = signer } = options;
  const id = `s-${randomUUID()}`;
  const digested = canonical(xml, uri);
  const properties = named ? signedProperties(id, named) : '';
  const references = [
    reference(`URI="${uri}"`, options.transforms ?? ENVELOPED, digested, options.digestMethod),
    named && !options.unsignedProperties ? reference(`URI="#${id}-p"`, '', canonical(properties, '')) : '',
  ];
  const signedInfo = [
    `<ds:SignedInfo xmlns:ds="${DS}"><ds:CanonicalizationMethod Algorithm="${EXCLUSIVE}"/>`,
    `<ds:SignatureMethod Algorithm="${options.signatureMethod ?? 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256'}"/>`,
    ...references,
    '</ds:SignedInfo>',
  ].join('');
  const value = sign('sha256', Buffer.from(canonical(signedInfo, '')), {
    key: signer.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  const signature = [
    `<ds:Signature xmlns:ds="${DS}" Id="${id}">${signedInfo}<ds:SignatureValue>${value.toString('base64')}</ds:SignatureValue>`,
    `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${signer.der.toString('base64')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`,
    named
      ? `<ds:Object><xades:QualifyingProperties xmlns:xades="${XADES}" Target="#${id}">${properties}</xades:QualifyingProperties></ds:Object>`
      : '',
    options.object ?? '',
    '</ds:Signature>',
  ].join('');
  const end = xml.lastIndexOf('</');
  return xml.slice(0, end) + signature + xml.slice(end);
}

function canonical(xml: string, uri: string): string {
  const document = XmlDocument.fromString(xml);
  try {
    const options = { mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0 };
    if (uri === '') return document.canonicalizeToString(options);
    const element = document.get(`//*[@Id="${uri.slice(1)}"]`) as XmlElement;
    return element.canonicalizeToString(options);
  } finally {
    document.dispose();
  }
}

function reference(attributes: string, transforms: string, content: string, digestMethod = SHA256): string {
  const digest = createHash('sha256').update(content).digest('base64');
  return [
    `<ds:Reference ${attributes}><ds:Transforms>${transforms}<ds:Transform Algorithm="${EXCLUSIVE}"/></ds:Transforms>`,
    `<ds:DigestMethod Algorithm="${digestMethod}"/><ds:DigestValue>${digest}</ds:DigestValue></ds:Reference>`,
  ].join('');
}

function signedProperties(id: string, named: Identity): string {
  const digest = createHash('sha256').update(named.der).digest('base64');
  return [
    `<xades:SignedProperties xmlns:xades="${XADES}" xmlns:ds="${DS}" Id="${id}-p"><xades:SignedSignatureProperties>`,
    `<xades:SigningTime>${new Date().toISOString()}</xades:SigningTime><xades:SigningCertificateV2><xades:Cert>`,
    `<xades:CertDigest><ds:DigestMethod Algorithm="${SHA256}"/><ds:DigestValue>${digest}</ds:DigestValue></xades:CertDigest>`,
    '</xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties></xades:SignedProperties>',
  ].join('');
}
