import { randomBytes } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { Authority } from './certificate-store.ts';
import { attribute, octets, sha256, signCms, toDer } from './cms.ts';

const OID = {
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  timeStampToken: '1.2.840.113549.1.9.16.2.14',
  sha256: '2.16.840.1.101.3.4.2.1',
  /** 2.25 is the arc for UUIDs, so this cannot be the policy of another authority. */
  sandboxPolicy: '2.25.305821105408246119474742976030998643995',
};

/** The sandbox's own time-stamping authority: it issues RFC 3161 tokens. */
export function timestampToken(authority: Authority, bytes: Uint8Array): asn1js.Sequence {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  const info = new pkijs.TSTInfo({
    version: 1,
    policy: OID.sandboxPolicy,
    messageImprint: new pkijs.MessageImprint({
      hashAlgorithm: new pkijs.AlgorithmIdentifier({ algorithmId: OID.sha256 }),
      hashedMessage: octets(sha256(bytes)),
    }),
    serialNumber: new asn1js.Integer({ valueHex: serial }),
    genTime: new Date(),
    accuracy: new pkijs.Accuracy({ seconds: 1 }),
  });
  const content = toDer(info.toSchema());
  return signCms({
    signer: authority.timestamp,
    chain: [authority.caCertificate],
    contentDigest: sha256(content),
    content,
    contentType: OID.tstInfo,
  });
}

/** The timestamp of a CAdES or PAdES signature (level T): an unsigned attribute over the signature value. */
export function signatureTimestamp(authority: Authority, signatureValue: Buffer): pkijs.Attribute {
  return attribute(OID.timeStampToken, timestampToken(authority, signatureValue));
}
