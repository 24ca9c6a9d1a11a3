import { KeyObject, randomBytes, type webcrypto, X509Certificate } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const OID = {
  commonName: '2.5.4.3',
  organizationIdentifier: '2.5.4.97',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  qcStatements: '1.3.6.1.5.5.7.1.3',
};

/** A certificate with its private key. */
export interface Identity {
  asn1: pkijs.Certificate;
  der: Buffer;
  pem: string;
  keys: webcrypto.CryptoKeyPair;
  privateKey: KeyObject;
}

export interface CertificateRequest {
  name: string;
  issuer?: Identity;
  isAuthority?: boolean;
  /** First octet of the key usage. */
  keyUsage?: number;
  extendedKeyUsage?: string[];
  notBefore?: Date;
  notAfter?: Date;
  organizationIdentifier?: string;
  /** OIDs of EN 319 412-5 `QcType`; present also means QcCompliance. */
  qcTypes?: string[];
}

/** Issues a certificate; self-signed without an issuer. */
export async function issue(request: CertificateRequest): Promise<Identity> {
  const keys = (await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const asn1 = new pkijs.Certificate();
  asn1.version = 2;
  const serial = randomBytes(8);
  serial[0] = 0x41;
  asn1.serialNumber = new asn1js.Integer({ valueHex: serial });
  const names: [string, string | undefined][] = [
    [OID.organizationIdentifier, request.organizationIdentifier],
    [OID.commonName, request.name],
  ];
  asn1.subject = distinguishedName(names.filter((entry): entry is [string, string] => entry[1] !== undefined));
  asn1.issuer = request.issuer?.asn1.subject ?? asn1.subject;
  asn1.notBefore.value = request.notBefore ?? new Date('2020-01-01T00:00:00Z');
  asn1.notAfter.value = request.notAfter ?? new Date('2040-01-01T00:00:00Z');
  await asn1.subjectPublicKeyInfo.importKey(keys.publicKey as never);
  asn1.extensions = extensions(request);
  await asn1.sign((request.issuer?.keys.privateKey ?? keys.privateKey) as never, 'SHA-256');
  const der = Buffer.from(asn1.toSchema(true).toBER());
  const x509 = new X509Certificate(der);
  return {
    asn1: pkijs.Certificate.fromBER(der),
    der,
    pem: x509.toString(),
    keys,
    privateKey: KeyObject.from(keys.privateKey),
  };
}

/** A root and a seal certificate that it issued. */
export async function issuePair(): Promise<{ root: Identity; seal: Identity }> {
  const root = await issue({ name: 'Test Root', isAuthority: true, keyUsage: 0x06 });
  const seal = await issue({
    name: 'Test Seal',
    issuer: root,
    keyUsage: 0xc0,
    organizationIdentifier: 'VATPT-999999990',
  });
  return { root, seal };
}

/** A revocation list of `issuer` that lists the given certificates. */
export async function issueCrl(
  issuer: Identity,
  revoked: readonly Identity[],
  at: Date,
  signer = issuer,
): Promise<Buffer> {
  const crl = new pkijs.CertificateRevocationList();
  crl.version = 1;
  crl.issuer = issuer.asn1.subject;
  crl.thisUpdate = new pkijs.Time({ type: 0, value: at });
  if (revoked.length > 0) {
    crl.revokedCertificates = revoked.map(
      ({ asn1 }) =>
        new pkijs.RevokedCertificate({
          userCertificate: asn1.serialNumber,
          revocationDate: new pkijs.Time({ type: 0, value: at }),
        }),
    );
  }
  await crl.sign(signer.keys.privateKey as never, 'SHA-256');
  return Buffer.from(crl.toSchema(true).toBER());
}

/** An OCSP response about a certificate of `issuer`: good, or revoked at that time. */
export async function answerOcsp(
  issuer: Identity,
  subject: Identity,
  { revokedAt, signer = issuer }: { revokedAt?: Date; signer?: Identity } = {},
): Promise<Buffer> {
  const response = new pkijs.BasicOCSPResponse();
  const certID = new pkijs.CertID();
  await certID.createForCertificate(subject.asn1, { hashAlgorithm: 'SHA-1', issuerCertificate: issuer.asn1 });
  const single = new pkijs.SingleResponse({ certID });
  single.certStatus = revokedAt
    ? new asn1js.Constructed({
        idBlock: { tagClass: 3, tagNumber: 1 },
        value: [new asn1js.GeneralizedTime({ valueDate: revokedAt })],
      })
    : new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber: 0 } });
  single.thisUpdate = new Date();
  response.tbsResponseData.responderID = signer.asn1.subject;
  response.tbsResponseData.producedAt = new Date();
  response.tbsResponseData.responses.push(single);
  response.certs = [signer.asn1];
  await response.sign(signer.keys.privateKey as never, 'SHA-256');
  const responseBytes = new pkijs.ResponseBytes({
    responseType: '1.3.6.1.5.5.7.48.1.1',
    response: new asn1js.OctetString({ valueHex: response.toSchema().toBER() }),
  });
  const responseStatus = new asn1js.Enumerated({ value: 0 });
  return Buffer.from(new pkijs.OCSPResponse({ responseStatus, responseBytes }).toSchema().toBER());
}

function extensions(request: CertificateRequest): pkijs.Extension[] {
  const list = [
    extension(OID.basicConstraints, true, new pkijs.BasicConstraints({ cA: request.isAuthority ?? false }).toSchema()),
  ];
  if (request.keyUsage !== undefined) {
    list.push(extension(OID.keyUsage, true, new asn1js.BitString({ valueHex: new Uint8Array([request.keyUsage]) })));
  }
  if (request.extendedKeyUsage) {
    list.push(
      extension(
        OID.extendedKeyUsage,
        true,
        new pkijs.ExtKeyUsage({ keyPurposes: request.extendedKeyUsage }).toSchema(),
      ),
    );
  }
  if (request.qcTypes) {
    const oid = (value: string) => new asn1js.ObjectIdentifier({ value });
    const statements = [
      new asn1js.Sequence({ value: [oid('0.4.0.1862.1.1')] }),
      new asn1js.Sequence({ value: [oid('0.4.0.1862.1.6'), new asn1js.Sequence({ value: request.qcTypes.map(oid) })] }),
    ];
    list.push(extension(OID.qcStatements, false, new asn1js.Sequence({ value: statements })));
  }
  return list;
}

function extension(extnID: string, critical: boolean, value: asn1js.AsnType): pkijs.Extension {
  return new pkijs.Extension({ extnID, critical, extnValue: value.toBER() });
}

/** One attribute per set, as other tools expect it. */
function distinguishedName(entries: readonly [string, string][]): pkijs.RelativeDistinguishedNames {
  const value = entries.map(([type, text]) => {
    const attribute = new pkijs.AttributeTypeAndValue({ type, value: new asn1js.Utf8String({ value: text }) });
    return new asn1js.Set({ value: [attribute.toSchema()] });
  });
  return pkijs.RelativeDistinguishedNames.fromBER(new asn1js.Sequence({ value }).toBER());
}
