import { type webcrypto, X509Certificate } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';

export type KeyAlgorithm = 'RSA-2048' | 'EC-P256';

/** One certificate with its private key, as they are written to disk. */
interface IssuedIdentity {
  certificatePem: string;
  privateKeyPem: string;
}

/** Everything the sandbox signs with. The root's private key is not part of it: it is discarded once these are issued. */
export interface IssuedAuthority {
  caCertificatePem: string;
  signer: IssuedIdentity;
  timestamp: IssuedIdentity;
}

interface Subject {
  commonName: string;
  organisation: string;
  organisationIdentifier?: string;
}

const OID = {
  commonName: '2.5.4.3',
  country: '2.5.4.6',
  organisation: '2.5.4.10',
  organisationIdentifier: '2.5.4.97',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  timeStamping: '1.3.6.1.5.5.7.3.8',
};

/** Bits of the first octet of KeyUsage (RFC 5280, 4.2.1.3). */
const KEY_USAGE = { digitalSignature: 0x80, nonRepudiation: 0x40, keyCertSign: 0x04, cRLSign: 0x02 };

const VALID_YEARS = 10;
const ORGANISATION = "Sign'Stash Connect Sandbox";

/** Makes a root, and issues from it a signing certificate and a time-stamping certificate. */
export async function issueAuthority(algorithm: KeyAlgorithm): Promise<IssuedAuthority> {
  const rootSubject = { commonName: 'Sandbox Root — Not Qualified', organisation: ORGANISATION };
  const [rootKeys, signingKeys, timestampKeys] = await Promise.all([
    // Only document signatures must use the real algorithm; generating an RSA key takes up to a second.
    generateKeys('EC-P256'),
    generateKeys(algorithm),
    generateKeys('EC-P256'),
  ]);
  const issuer = { subject: rootSubject, keys: rootKeys };
  const [root, signer, timestamp] = await Promise.all([
    issue(issuer, rootSubject, rootKeys, [
      basicConstraints({ isAuthority: true }),
      keyUsage(KEY_USAGE.keyCertSign | KEY_USAGE.cRLSign),
    ]),
    issue(
      issuer,
      {
        commonName: 'Sandbox Seal — Not Qualified',
        organisation: ORGANISATION,
        // 999999990 is the tax number Portugal uses for an unspecified consumer.
        organisationIdentifier: 'VATPT-999999990',
      },
      signingKeys,
      [basicConstraints({ isAuthority: false }), keyUsage(KEY_USAGE.digitalSignature | KEY_USAGE.nonRepudiation)],
    ),
    issue(issuer, { commonName: 'Sandbox Timestamp — Not Qualified', organisation: ORGANISATION }, timestampKeys, [
      basicConstraints({ isAuthority: false }),
      keyUsage(KEY_USAGE.digitalSignature),
      // RFC 3161, 2.3: critical, and the only purpose.
      extension(OID.extendedKeyUsage, true, new pkijs.ExtKeyUsage({ keyPurposes: [OID.timeStamping] }).toSchema()),
    ]),
  ]);
  return {
    caCertificatePem: root,
    signer: { certificatePem: signer, privateKeyPem: await exportPrivateKey(signingKeys.privateKey) },
    timestamp: { certificatePem: timestamp, privateKeyPem: await exportPrivateKey(timestampKeys.privateKey) },
  };
}

async function issue(
  issuer: { subject: Subject; keys: webcrypto.CryptoKeyPair },
  subject: Subject,
  keys: webcrypto.CryptoKeyPair,
  extensions: pkijs.Extension[],
): Promise<string> {
  const certificate = new pkijs.Certificate();
  certificate.version = 2;
  certificate.serialNumber = randomSerialNumber();
  certificate.issuer = distinguishedName(issuer.subject);
  certificate.subject = distinguishedName(subject);
  // One hour in the past: the clock of a container or verifier may be slow.
  certificate.notBefore.value = new Date(Date.now() - 3_600_000);
  certificate.notAfter.value = new Date(Date.now() + VALID_YEARS * 365 * 86_400_000);
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  const [subjectKeyId, issuerKeyId] = await Promise.all([keyIdentifier(keys), keyIdentifier(issuer.keys)]);
  certificate.extensions = [
    ...extensions,
    extension(OID.subjectKeyIdentifier, false, subjectKeyId),
    extension(
      OID.authorityKeyIdentifier,
      false,
      new pkijs.AuthorityKeyIdentifier({ keyIdentifier: issuerKeyId }).toSchema(),
    ),
  ];
  await certificate.sign(issuer.keys.privateKey, 'SHA-256');
  return new X509Certificate(Buffer.from(certificate.toSchema(true).toBER())).toString();
}

function generateKeys(algorithm: KeyAlgorithm): Promise<webcrypto.CryptoKeyPair> {
  const uses: webcrypto.KeyUsage[] = ['sign', 'verify'];
  if (algorithm === 'EC-P256') {
    return crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, uses);
  }
  const publicExponent = new Uint8Array([1, 0, 1]);
  return crypto.subtle.generateKey(
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent },
    true,
    uses,
  );
}

async function exportPrivateKey(key: webcrypto.CryptoKey): Promise<string> {
  const base64 = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${base64.replace(/.{64}(?=.)/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}

/** 16 random octets, positive and never starting with a zero octet, as RFC 5280, 4.1.2.2 requires. */
function randomSerialNumber(): asn1js.Integer {
  const octets = crypto.getRandomValues(new Uint8Array(16));
  octets[0] = (octets[0]! & 0x3f) | 0x40;
  return new asn1js.Integer({ valueHex: octets });
}

/** One attribute per set: by default, pkijs writes all of them into one, shown as `C=PT + O=… + CN=…`. */
function distinguishedName(subject: Subject): pkijs.RelativeDistinguishedNames {
  const utf8 = (value: string) => new asn1js.Utf8String({ value });
  const entries: [string, asn1js.Utf8String | asn1js.PrintableString][] = [
    [OID.country, new asn1js.PrintableString({ value: 'PT' })],
    [OID.organisation, utf8(subject.organisation)],
  ];
  if (subject.organisationIdentifier) entries.push([OID.organisationIdentifier, utf8(subject.organisationIdentifier)]);
  entries.push([OID.commonName, utf8(subject.commonName)]);
  const value = entries.map(([type, text]) => {
    const typeAndValue = new pkijs.AttributeTypeAndValue({ type, value: text });
    return new asn1js.Set({ value: [typeAndValue.toSchema()] });
  });
  return pkijs.RelativeDistinguishedNames.fromBER(new asn1js.Sequence({ value }).toBER());
}

/** SHA-1 of the key, method 1 of RFC 5280, 4.2.1.2: an identifier of the key, not a security measure. */
async function keyIdentifier(keys: webcrypto.CryptoKeyPair): Promise<asn1js.OctetString> {
  const publicKeyInfo = new pkijs.PublicKeyInfo();
  await publicKeyInfo.importKey(keys.publicKey);
  const valueHex = await crypto.subtle.digest('SHA-1', publicKeyInfo.subjectPublicKey.valueBlock.valueHexView);
  return new asn1js.OctetString({ valueHex });
}

function basicConstraints({ isAuthority }: { isAuthority: boolean }): pkijs.Extension {
  const value = new pkijs.BasicConstraints(isAuthority ? { cA: true, pathLenConstraint: 0 } : { cA: false });
  return extension(OID.basicConstraints, true, value.toSchema());
}

function keyUsage(bits: number): pkijs.Extension {
  let unusedBits = 0;
  while (((bits >> unusedBits) & 1) === 0) unusedBits += 1;
  return extension(OID.keyUsage, true, new asn1js.BitString({ valueHex: new Uint8Array([bits]), unusedBits }));
}

function extension(extnID: string, critical: boolean, value: asn1js.AsnType): pkijs.Extension {
  return new pkijs.Extension({ extnID, critical, extnValue: value.toBER() });
}
