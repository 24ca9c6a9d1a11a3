import { createHash } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { digestByOid } from '../cms/algorithms.ts';
import { assertWellFormed } from '../cms/der.ts';
import type { RevocationReport } from '../report.ts';
import { type Certificate, findExtension, tryParseCertificate } from './certificate.ts';
import { isIssuedBy, isSignedBy } from './chain.ts';

const OID = { basicResponse: '1.3.6.1.5.5.7.48.1.1', extendedKeyUsage: '2.5.29.37', ocspSigning: '1.3.6.1.5.5.7.3.9' };

/** DER of the OCSP responses and revocation lists that a document carries. */
export interface RevocationData {
  ocsps: readonly Buffer[];
  crls: readonly Buffer[];
}

/**
 * Looks up a certificate in the embedded answers. An answer counts if the issuer, or a responder that the issuer named
 * for this, signed it. A certificate that was revoked after `at` was still good then.
 */
export function checkRevocation(
  certificate: Certificate,
  issuer: Certificate | undefined,
  data: RevocationData,
  at: Date,
): RevocationReport {
  if (!issuer || (data.ocsps.length === 0 && data.crls.length === 0)) return { status: 'not-embedded' };
  const reports = [
    ...data.ocsps.map((der) => attempt(() => readOcsp(der, certificate, issuer, at))),
    ...data.crls.map((der) => attempt(() => readCrl(der, certificate, issuer, at))),
  ].filter((report) => report !== undefined);
  const newest = (status: RevocationReport['status']) =>
    reports
      .filter((report) => report.status === status)
      .sort((a, b) => (b.thisUpdate?.getTime() ?? 0) - (a.thisUpdate?.getTime() ?? 0))[0];
  return newest('revoked') ?? newest('good') ?? newest('unusable') ?? { status: 'not-embedded' };
}

/** Other entries of an embedded list may be malformed, or of a kind that is not known; they answer nothing. */
function attempt(read: () => RevocationReport | undefined): RevocationReport | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function readOcsp(der: Buffer, certificate: Certificate, issuer: Certificate, at: Date): RevocationReport | undefined {
  assertWellFormed(der, 'OCSP response');
  const response = basicResponse(der);
  const single = response.tbsResponseData.responses.find(({ certID }) => isAbout(certID, certificate, issuer));
  if (!single) return undefined;
  const base = { source: 'ocsp', thisUpdate: single.thisUpdate } as const;
  const signature = Buffer.from(response.signature.valueBlock.valueHexView);
  const signed = Buffer.from(response.tbsResponseData.tbsView);
  const responders = [issuer, ...delegates(response, issuer)];
  if (!responders.some((responder) => isSignedBy(response.signatureAlgorithm, signed, signature, responder))) {
    return { status: 'unusable', ...base };
  }
  const status = single.certStatus as asn1js.BaseBlock;
  switch (status.idBlock.tagNumber) {
    case 0:
      return { status: 'good', ...base };
    case 1: {
      const time = (status as asn1js.Constructed).valueBlock.value[0];
      const revokedAt = time instanceof asn1js.GeneralizedTime ? time.toDate() : undefined;
      return { status: revokedAt && revokedAt > at ? 'good' : 'revoked', ...base, ...(revokedAt && { revokedAt }) };
    }
    default:
      return { status: 'unusable', ...base };
  }
}

/** Accepts the complete response, or only the inner one that some documents embed. */
function basicResponse(der: Buffer): pkijs.BasicOCSPResponse {
  const outer = asn1js.fromBER(der).result;
  const first = outer instanceof asn1js.Sequence ? outer.valueBlock.value[0] : undefined;
  if (!(first instanceof asn1js.Enumerated)) return pkijs.BasicOCSPResponse.fromBER(der);
  const { responseBytes } = pkijs.OCSPResponse.fromBER(der);
  if (responseBytes?.responseType !== OID.basicResponse) throw new TypeError('not a basic OCSP response');
  return pkijs.BasicOCSPResponse.fromBER(responseBytes.response.valueBlock.valueHexView);
}

function isAbout(certId: pkijs.CertID, certificate: Certificate, issuer: Certificate): boolean {
  if (!certId.serialNumber.isEqual(certificate.asn1.serialNumber)) return false;
  const { node } = digestByOid(certId.hashAlgorithm.algorithmId);
  const hash = (bytes: ArrayBuffer | Uint8Array) => createHash(node).update(new Uint8Array(bytes)).digest();
  const key = issuer.asn1.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView;
  const name = issuer.asn1.subject.valueBeforeDecode;
  return (
    hash(key).equals(Buffer.from(certId.issuerKeyHash.valueBlock.valueHexView)) &&
    hash(name).equals(Buffer.from(certId.issuerNameHash.valueBlock.valueHexView))
  );
}

/** Certificates that the issuer made for answering OCSP (RFC 6960, 4.2.2.2). */
function delegates(response: pkijs.BasicOCSPResponse, issuer: Certificate): Certificate[] {
  return (response.certs ?? [])
    .map((entry) => tryParseCertificate(Buffer.from(entry.toSchema().toBER())))
    .filter((entry) => entry !== undefined)
    .filter((entry) => {
      const usage = findExtension(entry.asn1, OID.extendedKeyUsage)?.parsedValue;
      const allows = usage instanceof pkijs.ExtKeyUsage && usage.keyPurposes.includes(OID.ocspSigning);
      return allows && isIssuedBy(entry, issuer);
    });
}

function readCrl(der: Buffer, certificate: Certificate, issuer: Certificate, at: Date): RevocationReport | undefined {
  assertWellFormed(der, 'revocation list');
  const crl = pkijs.CertificateRevocationList.fromBER(der);
  if (!crl.issuer.isEqual(issuer.asn1.subject)) return undefined;
  const base = { source: 'crl', thisUpdate: crl.thisUpdate.value } as const;
  const signature = Buffer.from(crl.signatureValue.valueBlock.valueHexView);
  if (!isSignedBy(crl.signatureAlgorithm, Buffer.from(crl.tbsView), signature, issuer)) {
    return { status: 'unusable', ...base };
  }
  const entry = crl.revokedCertificates?.find(({ userCertificate }) =>
    userCertificate.isEqual(certificate.asn1.serialNumber),
  );
  if (!entry) return { status: 'good', ...base };
  const revokedAt = entry.revocationDate.value;
  return { status: revokedAt > at ? 'good' : 'revoked', ...base, revokedAt };
}
