import { createHash, sign } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { Identity } from './authority.ts';

const OID = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
};
const DIGESTS: Record<string, string> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha512: '2.16.840.1.101.3.4.2.3',
};
const ECDSA: Record<string, string> = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha512: '1.2.840.10045.4.3.4',
};

export interface CmsRequest {
  signer: Identity;
  /** What is signed; embedded if `attached`. */
  content: Uint8Array;
  attached?: boolean;
  contentType?: string;
  chain?: readonly Identity[];
  digest?: string;
  /** States another digest in the digestAlgorithm than in the signature algorithm. */
  statedDigest?: string;
  /** The certificate that the signing-certificate attribute names; `null` leaves the attribute out. */
  named?: Identity | null;
  signedAttributes?: boolean;
  duplicateMessageDigest?: boolean;
  timestampAuthority?: Identity;
  timestampedBytes?: Uint8Array;
  timestampTime?: Date;
  /** DER of an archive timestamp. */
  archiveTimestamp?: Buffer;
  crls?: readonly Buffer[];
}

/** A CMS signature, with a knob for each mistake that a verifier must notice. */
export function signCms(request: CmsRequest): Buffer {
  const { signer, content, contentType = OID.data, digest = 'sha256', named = signer } = request;
  const messageDigest = createHash(request.statedDigest ?? digest)
    .update(content)
    .digest();
  const attributes = [
    attribute('1.2.840.113549.1.9.3', new asn1js.ObjectIdentifier({ value: contentType })),
    attribute('1.2.840.113549.1.9.4', octets(messageDigest)),
  ];
  if (request.duplicateMessageDigest) attributes.push(attribute('1.2.840.113549.1.9.4', octets(Buffer.alloc(32))));
  if (named) {
    const hash = new asn1js.Sequence({ value: [octets(createHash('sha256').update(named.der).digest())] });
    const value = new asn1js.Sequence({ value: [new asn1js.Sequence({ value: [hash] })] });
    attributes.push(attribute('1.2.840.113549.1.9.16.2.47', value));
  }
  const sorted = attributes
    .map((entry) => ({ entry, der: der(entry.toSchema()) }))
    .sort((a, b) => Buffer.compare(a.der, b.der))
    .map(({ entry }) => entry);
  const signedBytes = der(new asn1js.Set({ value: sorted.map((entry) => entry.toSchema()) }));
  const withAttributes = request.signedAttributes ?? true;
  const value = sign(digest, withAttributes ? signedBytes : content, signer.privateKey);
  const info = new pkijs.SignerInfo({
    version: 1,
    sid: new pkijs.IssuerAndSerialNumber({ issuer: signer.asn1.issuer, serialNumber: signer.asn1.serialNumber }),
    digestAlgorithm: new pkijs.AlgorithmIdentifier({ algorithmId: DIGESTS[request.statedDigest ?? digest]! }),
    signatureAlgorithm: new pkijs.AlgorithmIdentifier({ algorithmId: ECDSA[digest]! }),
    signature: octets(value),
  });
  if (withAttributes) info.signedAttrs = new pkijs.SignedAndUnsignedAttributes({ type: 0, attributes: sorted });
  if (request.timestampAuthority) {
    const token = timestamp(
      request.timestampAuthority,
      request.timestampedBytes ?? value,
      request.timestampTime ?? new Date(),
    );
    const unsigned = [attribute('1.2.840.113549.1.9.16.2.14', asn1js.fromBER(token).result)];
    if (request.archiveTimestamp) {
      unsigned.push(attribute('0.4.0.1733.2.4', asn1js.fromBER(request.archiveTimestamp).result));
    }
    info.unsignedAttrs = new pkijs.SignedAndUnsignedAttributes({ type: 1, attributes: unsigned });
  }
  const encapContentInfo = new pkijs.EncapsulatedContentInfo({ eContentType: contentType });
  if (request.attached) encapContentInfo.eContent = octets(content);
  const data = new pkijs.SignedData({
    version: contentType === OID.data ? 1 : 3,
    digestAlgorithms: [new pkijs.AlgorithmIdentifier({ algorithmId: DIGESTS[digest]! })],
    encapContentInfo,
    certificates: [signer.asn1, ...(request.chain ?? []).map(({ asn1 }) => asn1)],
    ...(request.crls && { crls: request.crls.map((crl) => pkijs.CertificateRevocationList.fromBER(crl)) }),
    signerInfos: [info],
  });
  return der(new pkijs.ContentInfo({ contentType: OID.signedData, content: data.toSchema(true) }).toSchema());
}

/** An RFC 3161 token over `bytes`. */
export function timestamp(authority: Identity, bytes: Uint8Array, time = new Date()): Buffer {
  const info = new pkijs.TSTInfo({
    version: 1,
    policy: '1.2.3.4',
    messageImprint: new pkijs.MessageImprint({
      hashAlgorithm: new pkijs.AlgorithmIdentifier({ algorithmId: DIGESTS.sha256! }),
      hashedMessage: octets(createHash('sha256').update(bytes).digest()),
    }),
    serialNumber: new asn1js.Integer({ value: 1 }),
    genTime: time,
  });
  return signCms({ signer: authority, content: der(info.toSchema()), attached: true, contentType: OID.tstInfo });
}

function attribute(type: string, value: asn1js.AsnType): pkijs.Attribute {
  return new pkijs.Attribute({ type, values: [value] });
}

function octets(bytes: Uint8Array): asn1js.OctetString {
  return new asn1js.OctetString({ valueHex: new Uint8Array(bytes) });
}

function der(value: asn1js.AsnType): Buffer {
  return Buffer.from(value.toBER());
}
