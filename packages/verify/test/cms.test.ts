import { beforeAll, describe, expect, it } from 'vitest';
import { TrustStore, type VerificationReport, verifyDocument } from '../src/index.ts';
import { type Identity, issue, issueCrl, issuePair } from './support/authority.ts';
import { type CmsRequest, signCms } from './support/cms.ts';
import { codes } from './support/pdf.ts';

const CONTENT = Buffer.from('Total: 100.00 EUR');
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

let root: Identity;
let seal: Identity;
let authority: Identity;
let trust: TrustStore;

beforeAll(async () => {
  ({ root, seal } = await issuePair());
  authority = await issue({ name: 'TSA', issuer: root, keyUsage: 0x80, extendedKeyUsage: [TIME_STAMPING] });
  trust = TrustStore.fromCertificates(root.pem);
});

function verify(request: Partial<CmsRequest> = {}, options: object = {}): Promise<VerificationReport> {
  const cms = signCms({ signer: seal, content: CONTENT, attached: true, ...request });
  return verifyDocument(cms, { trust, ...options });
}

describe('signatures', () => {
  it('accepts an attached signature, and compares its content with the original', async () => {
    const report = await verify({}, { original: CONTENT });
    expect(codes(report)).toEqual([]);
    expect(report).toMatchObject({ format: 'cms', verdict: 'valid', startsWithOriginal: true });
    expect(report.signatures).toMatchObject([
      {
        kind: 'CAdES',
        level: 'B-B',
        digestAlgorithm: 'SHA-256',
        signatureAlgorithm: 'ECDSA P-256',
        signer: { commonName: 'Test Seal', organizationIdentifier: 'VATPT-999999990' },
        chain: {
          status: 'trusted',
          anchor: 'given',
          path: ['CN=Test Seal,organizationIdentifier=VATPT-999999990', 'CN=Test Root'],
        },
      },
    ]);
    expect((await verify({}, { original: Buffer.from('other') })).verdict).toBe('invalid');
  });

  it('needs the content of a detached signature', async () => {
    expect(await verify({ attached: false })).toMatchObject({
      verdict: 'indeterminate',
      reasons: [{ code: 'content-missing' }],
    });
    expect((await verify({ attached: false }, { original: CONTENT })).verdict).toBe('valid');
    expect(codes(await verify({ attached: false }, { original: Buffer.from('x') }))).toContain('digest-mismatch');
  });

  it('reads PEM', async () => {
    const der = signCms({ signer: seal, content: CONTENT, attached: true });
    const pem = `-----BEGIN CMS-----\n${der.toString('base64')}\n-----END CMS-----\n`;
    expect((await verifyDocument(Buffer.from(pem), { trust })).verdict).toBe('valid');
  });

  it('refuses a digest algorithm that differs from the one of the signature', async () => {
    expect(codes(await verify({ digest: 'sha256', statedDigest: 'sha512' }))).toEqual(['algorithm-mismatch']);
  });

  it('flags SHA-1, and does not call it valid', async () => {
    const report = await verify({ digest: 'sha1' });
    expect(report.verdict).toBe('indeterminate');
    expect(report.signatures[0]).toMatchObject({ integrity: 'intact', weakAlgorithms: ['SHA-1'] });
  });

  it('refuses a certificate that the signer did not name', async () => {
    expect(codes(await verify({ named: root }))).toEqual(['signing-certificate-mismatch']);
  });

  it('notes that plain CMS names no certificate', async () => {
    const report = await verify({ named: null });
    expect(report.verdict).toBe('valid');
    expect(report.signatures[0]?.level).toBe('none');
    expect(codes(report)).toEqual(['signing-certificate-missing']);
  });

  it('refuses a second message digest', async () => {
    expect(codes(await verify({ duplicateMessageDigest: true }))).toEqual(['malformed-signature']);
  });

  it('does not accept a signature without signed attributes', async () => {
    expect((await verify({ signedAttributes: false })).verdict).toBe('indeterminate');
  });
});

describe('malformed DER', () => {
  it.each([
    ['a cut signature', (der: Buffer) => der.subarray(0, -10)],
    ['data after the signature', (der: Buffer) => Buffer.concat([der, Buffer.from([0])])],
    ['an indefinite length', () => Buffer.from('308006092a864886f70d010702a080308000000000', 'hex')],
    ['an impossible length', () => Buffer.from('3089ffffffffffffffffff', 'hex')],
    ['a length beyond the end', () => Buffer.from('3084ffffffff00', 'hex')],
    ['deep nesting', () => nested(5000)],
    ['another structure', () => Buffer.from('308203e802010102010102010102010102010102', 'hex')],
  ])('refuses %s', async (_, change) => {
    const der = change(signCms({ signer: seal, content: CONTENT, attached: true }));
    const report = await verifyDocument(der, { trust });
    expect(report.verdict).toBe('invalid');
  });
});

describe('timestamps', () => {
  it('verifies a timestamp and reports its time', async () => {
    const report = await verify({ timestampAuthority: authority });
    expect(codes(report)).toEqual([]);
    expect(report.signatures[0]).toMatchObject({
      level: 'B-T',
      timestamp: { valid: true, trusted: true, authority: { commonName: 'TSA' } },
      validity: { basis: 'timestamp', valid: true },
    });
  });

  it('refuses a timestamp of another signature', async () => {
    const report = await verify({ timestampAuthority: authority, timestampedBytes: Buffer.from('other') });
    expect(report.verdict).toBe('invalid');
    expect(report.signatures[0]).toMatchObject({ level: 'B-B', timestamp: { valid: false } });
  });

  it('refuses a timestamp whose certificate is not for time stamping', async () => {
    const report = await verify({ timestampAuthority: seal });
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('key-usage');
  });

  it('does not use the time of an untrusted authority', async () => {
    const foreign = await issue({ name: 'Foreign TSA', keyUsage: 0x80, extendedKeyUsage: [TIME_STAMPING] });
    const report = await verify({ timestampAuthority: foreign });
    expect(report.verdict).toBe('valid');
    expect(report.signatures[0]).toMatchObject({
      timestamp: { valid: true, trusted: false },
      validity: { basis: 'now' },
    });
    expect(codes(report)).toEqual(['timestamp-untrusted']);
  });
});

describe('certificates', () => {
  it('calls an unknown root untrusted, and a missing issuer incomplete', async () => {
    const report = await verify({ chain: [root] }, { trust: new TrustStore([]) });
    expect(report).toMatchObject({ verdict: 'valid-but-untrusted', signatures: [{ chain: { status: 'untrusted' } }] });
    const other = await verify({}, { trust: new TrustStore([]) });
    expect(other).toMatchObject({ verdict: 'valid-but-untrusted', signatures: [{ chain: { status: 'incomplete' } }] });
  });

  it('builds a path over an intermediate authority in the signature', async () => {
    const middle = await issue({ name: 'Middle', issuer: root, isAuthority: true, keyUsage: 0x06 });
    const signer = await issue({ name: 'Signer', issuer: middle, keyUsage: 0xc0 });
    expect((await verify({ signer, chain: [middle] })).verdict).toBe('valid');
    expect((await verify({ signer })).verdict).toBe('valid-but-untrusted');
  });

  it('refuses an issuer that is not a certificate authority', async () => {
    const signer = await issue({ name: 'Forged', issuer: seal, keyUsage: 0xc0 });
    const report = await verify({ signer, chain: [seal] });
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toEqual(['chain-invalid']);
  });

  it('does not trust a certificate that only has the name of the root', async () => {
    const impostor = await issue({ name: 'Test Root', isAuthority: true, keyUsage: 0x06 });
    const signer = await issue({ name: 'Signer', issuer: impostor, keyUsage: 0xc0 });
    expect((await verify({ signer, chain: [impostor] })).verdict).toBe('valid-but-untrusted');
  });

  it('refuses a key that may not sign documents', async () => {
    const signer = await issue({ name: 'Encryption', issuer: root, keyUsage: 0x20 });
    expect(codes(await verify({ signer }))).toEqual(['key-usage']);
  });

  it('reports the qualified statements of a certificate', async () => {
    const signer = await issue({ name: 'QSeal', issuer: root, keyUsage: 0x40, qcTypes: ['0.4.0.1862.1.6.2'] });
    const report = await verify({ signer });
    expect(report.signatures[0]?.signer?.qualified).toEqual({
      compliant: true,
      qualifiedDevice: false,
      types: ['seal'],
      countries: [],
    });
  });

  it('checks validity at the given time', async () => {
    const at = new Date('2045-01-01T00:00:00Z');
    expect(await verify({}, { at })).toMatchObject({
      verdict: 'indeterminate',
      signatures: [{ validity: { at, basis: 'option', valid: false } }],
    });
  });

  it('refuses a certificate that a trusted timestamp proves to have expired', async () => {
    const signer = await issue({
      name: 'Old',
      issuer: root,
      keyUsage: 0xc0,
      notAfter: new Date('2024-01-01T00:00:00Z'),
    });
    expect(await verify({ signer, timestampAuthority: authority })).toMatchObject({
      verdict: 'invalid',
      reasons: [{ code: 'certificate-not-valid-at-time' }],
    });
    expect((await verify({ signer })).verdict).toBe('indeterminate');
  });

  it('accepts a certificate that expired after a trusted timestamp', async () => {
    const now = new Date('2039-06-01T00:00:00Z');
    const signer = await issue({
      name: 'Old',
      issuer: root,
      keyUsage: 0xc0,
      notAfter: new Date(Date.now() + 3_600_000),
    });
    expect((await verify({ signer, timestampAuthority: authority }, { now })).verdict).toBe('valid');
    expect((await verify({ signer }, { now })).verdict).toBe('indeterminate');
  });
});

describe('revocation', () => {
  it('reports a certificate that an embedded list says nothing about as good', async () => {
    const crl = await issueCrl(root, [], new Date());
    expect((await verify({ crls: [crl] })).signatures[0]?.revocation).toMatchObject({ status: 'good', source: 'crl' });
  });

  it('refuses a certificate that an embedded list revokes', async () => {
    const crl = await issueCrl(root, [seal], new Date('2024-01-01T00:00:00Z'));
    const report = await verify({ crls: [crl] });
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toEqual(['revoked']);
  });

  it('accepts a signature from before the revocation', async () => {
    const crl = await issueCrl(root, [seal], new Date('2024-01-01T00:00:00Z'));
    expect((await verify({ crls: [crl] }, { at: new Date('2023-01-01T00:00:00Z') })).verdict).toBe('valid');
  });

  it('does not use a list that someone else signed', async () => {
    const crl = await issueCrl(root, [], new Date(), seal);
    expect((await verify({ crls: [crl] })).signatures[0]?.revocation.status).toBe('unusable');
  });
});

function nested(depth: number): Buffer {
  let der: Buffer = Buffer.from([5, 0]);
  for (let level = 0; level < depth; level++) {
    const header = Buffer.from([0x30, 0x84, 0, 0, 0, 0]);
    header.writeUInt32BE(der.length, 2);
    der = Buffer.concat([header, der]);
  }
  return der;
}
