import { createHash, X509Certificate } from 'node:crypto';
import type * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { describeKey } from '../cms/algorithms.ts';
import { assertWellFormed } from '../cms/der.ts';
import type { CertificateDetails, QualifiedStatements } from '../report.ts';

const OID = {
  commonName: '2.5.4.3',
  organizationIdentifier: '2.5.4.97',
  qcStatements: '1.3.6.1.5.5.7.1.3',
};

/** Short names of RFC 4514 and X.520 attributes. */
const ATTRIBUTE_NAMES: Record<string, string> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.42': 'GN',
  '2.5.4.97': 'organizationIdentifier',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '0.9.2342.19200300.100.1.25': 'DC',
};

/** A certificate in the two forms that are needed: Node's for keys and signatures, pkijs' for names and extensions. */
export interface Certificate {
  x509: X509Certificate;
  asn1: pkijs.Certificate;
  /** SHA-256 of the DER, lower-case hexadecimal. */
  fingerprint: string;
}

/** Parses one DER certificate. Throws if it is malformed. */
export function parseCertificate(der: Uint8Array): Certificate {
  assertWellFormed(der, 'certificate');
  const x509 = new X509Certificate(der);
  const fingerprint = createHash('sha256').update(x509.raw).digest('hex');
  return { x509, asn1: pkijs.Certificate.fromBER(x509.raw), fingerprint };
}

/** As {@link parseCertificate}, but leaves out what cannot be read, such as an unknown kind of key. */
export function tryParseCertificate(der: Uint8Array): Certificate | undefined {
  try {
    const certificate = parseCertificate(der);
    // Reads everything that is used later, as far as the libraries decode it only on demand.
    describeCertificate(certificate);
    for (const extension of certificate.asn1.extensions ?? []) void extension.parsedValue;
    return certificate;
  } catch {
    return undefined;
  }
}

export function describeCertificate({ x509, asn1, fingerprint }: Certificate): CertificateDetails {
  const commonName = attributeOf(asn1.subject, OID.commonName);
  const organizationIdentifier = attributeOf(asn1.subject, OID.organizationIdentifier);
  return {
    subject: distinguishedName(asn1.subject),
    issuer: distinguishedName(asn1.issuer),
    ...(commonName !== undefined && { commonName }),
    serialNumber: x509.serialNumber,
    ...(organizationIdentifier !== undefined && { organizationIdentifier }),
    notBefore: asn1.notBefore.value,
    notAfter: asn1.notAfter.value,
    fingerprint,
    publicKey: describeKey(x509.publicKey),
    qualified: readQualifiedStatements(asn1),
  };
}

export function distinguishedName(name: pkijs.RelativeDistinguishedNames): string {
  return [...name.typesAndValues]
    .reverse()
    .map(({ type, value }) => {
      const text = String(value.valueBlock.value).replace(/[\\,+"<>;=\n\r\0]/g, '\\$&');
      return `${ATTRIBUTE_NAMES[type] ?? type}=${text}`;
    })
    .join(',');
}

export function attributeOf(name: pkijs.RelativeDistinguishedNames, oid: string): string | undefined {
  const found = name.typesAndValues.find(({ type }) => type === oid);
  return found && String(found.value.valueBlock.value);
}

export function findExtension(certificate: pkijs.Certificate, oid: string): pkijs.Extension | undefined {
  return certificate.extensions?.find(({ extnID }) => extnID === oid);
}

/** Reads the statements of EN 319 412-5, 4.2 and 4.3. */
function readQualifiedStatements(certificate: pkijs.Certificate): QualifiedStatements {
  const result: QualifiedStatements = { compliant: false, qualifiedDevice: false, types: [], countries: [] };
  const extension = findExtension(certificate, OID.qcStatements);
  const parsed = extension?.parsedValue;
  if (!(parsed instanceof pkijs.QCStatements)) return result;
  for (const { id, type } of parsed.values) {
    if (id === '0.4.0.1862.1.1') result.compliant = true;
    if (id === '0.4.0.1862.1.4') result.qualifiedDevice = true;
    if (id === '0.4.0.1862.1.6') {
      for (const oid of sequenceOf(type)) {
        const kind = { 1: 'signature', 2: 'seal', 3: 'website' }[oid.replace('0.4.0.1862.1.6.', '')];
        if (kind) result.types.push(kind as QualifiedStatements['types'][number]);
      }
    }
    if (id === '0.4.0.1862.1.7') result.countries.push(...sequenceOf(type));
  }
  return result;
}

function sequenceOf(value: unknown): string[] {
  const items = (value as asn1js.Sequence | undefined)?.valueBlock?.value;
  if (!Array.isArray(items)) return [];
  return items.map((item) => {
    const block = (item as asn1js.ObjectIdentifier).valueBlock as { value?: unknown; toString(): string };
    return typeof block.value === 'string' ? block.value : block.toString();
  });
}
