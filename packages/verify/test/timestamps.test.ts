import { beforeAll, describe, expect, it } from 'vitest';
import { checkSigned, TrustStore, type VerificationReport, verifyDocument } from '../src/index.ts';
import { type Identity, issue, issueCrl, issuePair } from './support/authority.ts';
import { signCms, timestamp } from './support/cms.ts';
import { appendUpdate, codes, makePdf, signPdf } from './support/pdf.ts';
import { signXml } from './support/xml.ts';

const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const NOW = new Date('2026-01-01T00:00:00Z');

let root: Identity;
let seal: Identity;
let authority: Identity;
/** Its certificate has expired at the end of 2022. */
let expired: Identity;
let trust: TrustStore;
let signed: Buffer;

beforeAll(async () => {
  ({ root, seal } = await issuePair());
  const request = { issuer: root, keyUsage: 0x80, extendedKeyUsage: [TIME_STAMPING] };
  authority = await issue({ ...request, name: 'TSA' });
  expired = await issue({ ...request, name: 'Expired TSA', notAfter: new Date('2022-12-31T00:00:00Z') });
  trust = TrustStore.fromCertificates(root.pem);
  signed = signPdf(makePdf(), { signer: seal });
});

const verify = (bytes: Buffer) => verifyDocument(bytes, { trust, now: NOW });
const stream = (der: Buffer) => `<< /Length ${der.length} >>\nstream\n${der.toString('latin1')}\nendstream`;
const decisive = ({ reasons }: VerificationReport) => reasons.filter(({ severity }) => severity !== 'note');

/** Appends a document timestamp. `number` is the one of its field. */
function stamp(pdf: Buffer, signer: Identity, time: string, number = 20): Buffer {
  const numbers = [7, 10, 20, 24].filter((entry) => entry <= number);
  const fields = numbers.map((entry) => `${entry} 0 R`).join(' ');
  return signPdf(pdf, { signer, subFilter: 'ETSI.RFC3161', timestampTime: new Date(time), number, fields });
}

/** Appends validation data, as an entry of the VRI whose streams no other list names, or as lists of the DSS. */
function addData(pdf: Buffer, crl: Buffer, form: 'lists' | 'vri' = 'lists'): Buffer {
  const dss = {
    lists: '<< /Type /DSS /Certs [41 0 R] /CRLs [42 0 R] >>',
    vri: '<< /Type /DSS /VRI << /ABCD << /Cert [41 0 R] /CRL [42 0 R] /TU (D:20260101000000Z) >> >> >>',
  };
  return appendUpdate(pdf, {
    1: '<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS 40 0 R >>',
    40: dss[form],
    41: stream(root.der),
    42: stream(crl),
  });
}

describe('document timestamps', () => {
  it('are indeterminate once their authority has expired, unless a newer timestamp proves that they are older', async () => {
    const alone = await verify(stamp(signed, expired, '2021-01-01T00:00:00Z'));
    expect(alone.verdict).toBe('indeterminate');
    expect(codes(alone)).toContain('signing-time-unproven');
    expect(alone.signatures[1]).toMatchObject({ timestamp: { valid: true, trusted: false } });

    const renewed = stamp(stamp(signed, expired, '2021-01-01T00:00:00Z'), authority, '2022-06-01T00:00:00Z', 24);
    const report = await verify(renewed);
    expect(decisive(report)).toEqual([]);
    expect(report).toMatchObject({
      verdict: 'valid',
      signatures: [
        { kind: 'PAdES', validity: { basis: 'timestamp', at: new Date('2021-01-01T00:00:00Z') } },
        { kind: 'document-timestamp', timestamp: { trusted: true } },
        { kind: 'document-timestamp', timestamp: { trusted: true } },
      ],
    });
    const late = stamp(stamp(signed, expired, '2021-01-01T00:00:00Z'), authority, '2023-06-01T00:00:00Z', 24);
    expect((await verify(late)).verdict).toBe('indeterminate');
  });

  it('prove nothing if a newer timestamp that should prove their age is not trusted', async () => {
    const foreign = await issue({ name: 'Foreign TSA', keyUsage: 0x80, extendedKeyUsage: [TIME_STAMPING] });
    const report = await verify(
      stamp(stamp(signed, expired, '2021-01-01T00:00:00Z'), foreign, '2022-06-01T00:00:00Z', 24),
    );
    expect(report.verdict).toBe('indeterminate');
    expect(report.signatures[0]?.validity?.basis).not.toBe('timestamp');
  });

  it('are refused if their authority was revoked before', async () => {
    const crl = await issueCrl(root, [authority], new Date('2021-06-01T00:00:00Z'));
    const at = (time: string) => verify(stamp(addData(signed, crl), authority, time));
    const after = await at('2022-01-01T00:00:00Z');
    expect(after).toMatchObject({ verdict: 'invalid', signatures: [{}, { revocation: { status: 'revoked' } }] });
    expect(after.signatures[0]?.validity?.basis).not.toBe('timestamp');
    expect((await at('2021-01-01T00:00:00Z')).verdict).toBe('indeterminate');
    const other = await issue({ name: 'TSA 2', issuer: root, keyUsage: 0x80, extendedKeyUsage: [TIME_STAMPING] });
    const renewed = stamp(
      stamp(addData(signed, crl), authority, '2021-01-01T00:00:00Z'),
      other,
      '2021-03-01T00:00:00Z',
      24,
    );
    expect((await verify(renewed)).verdict).toBe('valid');
  });

  it.each(['lists', 'vri'] as const)('make level B-LTA only if they cover the validation data (%s)', async (form) => {
    const crl = await issueCrl(root, [], NOW);
    const archived = await verify(stamp(addData(signed, crl, form), authority, '2025-01-01T00:00:00Z'));
    expect(decisive(archived)).toEqual([]);
    expect(archived.signatures[0]).toMatchObject({ level: 'B-LTA', revocation: { status: 'good' } });
    const dataLater = await verify(addData(stamp(signed, authority, '2025-01-01T00:00:00Z'), crl, form));
    expect(decisive(dataLater)).toEqual([]);
    expect(dataLater.signatures[0]?.level).toBe('B-LT');
    expect((await verify(stamp(signed, authority, '2025-01-01T00:00:00Z'))).signatures[0]?.level).toBe('B-T');
  });

  it('are invalid if a byte that they cover was changed', async () => {
    const stamped = stamp(makePdf(), authority, '2025-01-01T00:00:00Z');
    expect((await verify(stamped)).verdict).toBe('valid');
    stamped[stamped.indexOf('Total')]! ^= 1;
    const report = await verify(stamped);
    expect(report).toMatchObject({ verdict: 'invalid', signatures: [{ integrity: 'broken' }] });
    expect(codes(report)).toContain('timestamp-invalid');
  });
});

describe('signature timestamps', () => {
  const attached = (timestampAuthority: Identity, time: string) =>
    signCms({
      ...{ signer: seal, content: Buffer.from('x'), attached: true },
      ...{ timestampAuthority, timestampTime: new Date(time) },
    });

  it('prove no time once their authority has expired', async () => {
    const report = await verify(attached(expired, '2021-01-01T00:00:00Z'));
    expect(report).toMatchObject({ verdict: 'valid', signatures: [{ timestamp: { trusted: false } }] });
    expect(report.signatures[0]?.validity?.basis).toBe('now');
  });

  it('must chain to a given root at the level chain', async () => {
    const foreign = await issue({ name: 'Foreign TSA', keyUsage: 0x80, extendedKeyUsage: [TIME_STAMPING] });
    const content = attached(foreign, '2025-01-01T00:00:00Z');
    expect(await checkSigned(content, { level: 'signature', trust })).toBeUndefined();
    expect(await checkSigned(content, { level: 'chain', trust })).toContain('authority of the timestamp');
    const known = attached(authority, '2025-01-01T00:00:00Z');
    expect(await checkSigned(known, { level: 'chain', trust })).toBeUndefined();
  });
});

describe('archive timestamps', () => {
  it('of CAdES are indeterminate, whatever they cover', async () => {
    const archiveTimestamp = timestamp(authority, Buffer.from('anything'));
    const content = Buffer.from('x');
    const bytes = signCms({ signer: seal, content, attached: true, timestampAuthority: authority, archiveTimestamp });
    const report = await verify(bytes);
    expect(report).toMatchObject({ verdict: 'indeterminate', signatures: [{ level: 'B-T' }] });
    expect(codes(report)).toContain('unsupported');
  });

  it.each(['1.3.2', '1.4.1'])('of XAdES %s are indeterminate', async (version) => {
    const properties = `<xades:UnsignedProperties><xades:UnsignedSignatureProperties>
      <a:ArchiveTimeStamp xmlns:a="http://uri.etsi.org/01903/v${version}#"/>
      </xades:UnsignedSignatureProperties></xades:UnsignedProperties>`;
    const xml = signXml('<Invoice xmlns="urn:test"><Total>1.00</Total></Invoice>', { signer: seal });
    const end = '</xades:SignedProperties>';
    const report = await verifyDocument(Buffer.from(xml.replace(end, end + properties)), { trust });
    expect(report).toMatchObject({ verdict: 'indeterminate', signatures: [{ level: 'B-B' }] });
    expect(codes(report)).toEqual(['unsupported']);
  });
});
