import { createHash, sign } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { KnownCertificate, SigningIdentity } from './certificate-store.ts';

const OID = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
};

export interface CmsRequest {
  signer: SigningIdentity;
  /** Certificates to embed beside the signer's own. */
  chain: readonly KnownCertificate[];
  /** SHA-256 of the content. */
  contentDigest: Buffer;
  /** Embedded as eContent when given; a detached signature otherwise. */
  content?: Uint8Array;
  /** Default: id-data. */
  contentType?: string;
  /** Called with the signature value; returns the unsigned attributes, such as a timestamp. */
  unsignedAttributes?: (signatureValue: Buffer) => pkijs.Attribute[];
}

/**
 * A CMS signature with the signed attributes of a CAdES baseline signature: content-type, message-digest and
 * signing-certificate-v2. No signing-time: PAdES forbids it (EN 319 142-1, 6.3), its time stands in the PDF's /M.
 */
export function signCms(request: CmsRequest): asn1js.Sequence {
  const { signer, contentType = OID.data } = request;
  const signedAttributes = [
    attribute(OID.contentType, new asn1js.ObjectIdentifier({ value: contentType })),
    attribute(OID.messageDigest, octets(request.contentDigest)),
    attribute(OID.signingCertificateV2, signingCertificateV2(signer.certificate.x509.raw)),
  ].map((entry) => ({ entry, der: toDer(entry.toSchema()) }));
  // DER orders the elements of a SET by their encoding; the signature is over the SET, not over its [0] form.
  signedAttributes.sort((a, b) => Buffer.compare(a.der, b.der));
  const signedSet = new asn1js.Set({ value: signedAttributes.map(({ entry }) => entry.toSchema()) });
  const signature = sign('sha256', toDer(signedSet), signer.privateKey);

  const certificate = signer.certificate.asn1;
  const signerInfo = new pkijs.SignerInfo({
    version: 1,
    sid: new pkijs.IssuerAndSerialNumber({ issuer: certificate.issuer, serialNumber: certificate.serialNumber }),
    digestAlgorithm: new pkijs.AlgorithmIdentifier({ algorithmId: OID.sha256 }),
    signedAttrs: attributes(
      0,
      signedAttributes.map(({ entry }) => entry),
    ),
    signatureAlgorithm: signatureAlgorithm(signer),
    signature: octets(signature),
  });
  const unsigned = request.unsignedAttributes?.(signature) ?? [];
  if (unsigned.length > 0) signerInfo.unsignedAttrs = attributes(1, unsigned);

  const encapContentInfo = new pkijs.EncapsulatedContentInfo({ eContentType: contentType });
  if (request.content) encapContentInfo.eContent = octets(request.content);
  const signedData = new pkijs.SignedData({
    // RFC 5652, 5.1: version 3 as soon as the content is anything but id-data.
    version: contentType === OID.data ? 1 : 3,
    digestAlgorithms: [new pkijs.AlgorithmIdentifier({ algorithmId: OID.sha256 })],
    encapContentInfo,
    certificates: [certificate, ...request.chain.map(({ asn1 }) => asn1)],
    signerInfos: [signerInfo],
  });
  return new pkijs.ContentInfo({ contentType: OID.signedData, content: signedData.toSchema(true) }).toSchema();
}

export function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function attribute(type: string, value: asn1js.AsnType): pkijs.Attribute {
  return new pkijs.Attribute({ type, values: [value] });
}

export function octets(value: Uint8Array): asn1js.OctetString {
  return new asn1js.OctetString({ valueHex: value });
}

export function toDer(schema: asn1js.AsnType): Buffer {
  return Buffer.from(schema.toBER());
}

/** RFC 5035: names the signer's certificate by its hash, so that another one cannot be put in its place. */
function signingCertificateV2(certificate: Uint8Array): asn1js.Sequence {
  const sequence = (...value: asn1js.AsnType[]) => new asn1js.Sequence({ value });
  // SHA-256 is the default hash algorithm there, and DER leaves defaults out.
  const certificateId = sequence(octets(sha256(certificate)));
  return sequence(sequence(certificateId));
}

function attributes(type: 0 | 1, entries: pkijs.Attribute[]): pkijs.SignedAndUnsignedAttributes {
  return new pkijs.SignedAndUnsignedAttributes({ type, attributes: entries });
}

function signatureAlgorithm({ privateKey }: SigningIdentity): pkijs.AlgorithmIdentifier {
  if (privateKey.asymmetricKeyType === 'ec') {
    return new pkijs.AlgorithmIdentifier({ algorithmId: OID.ecdsaWithSha256 });
  }
  return new pkijs.AlgorithmIdentifier({ algorithmId: OID.sha256WithRsa, algorithmParams: new asn1js.Null() });
}
