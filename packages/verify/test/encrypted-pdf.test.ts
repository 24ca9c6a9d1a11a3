import { beforeAll, describe, expect, it } from 'vitest';
import { TrustStore, verifyDocument } from '../src/index.ts';
import { type Identity, issue, issueCrl, issuePair } from './support/authority.ts';
import { encryptWith } from './support/encryption.ts';
import { appendUpdate, codes, makePdf, signPdf } from './support/pdf.ts';

const FONT = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>';
const PASSWORD = 'correct horse';

let root: Identity;
let seal: Identity;
let authority: Identity;
let trust: TrustStore;
let update: ReturnType<typeof encryptWith>;
let signed: Buffer;

beforeAll(async () => {
  ({ root, seal } = await issuePair());
  authority = await issue({ name: 'TSA', issuer: root, keyUsage: 0x80, extendedKeyUsage: ['1.3.6.1.5.5.7.3.8'] });
  trust = TrustStore.fromCertificates(root.pem);
  update = encryptWith(PASSWORD);
  signed = signPdf(makePdf('Total: 100.00 EUR', update), { signer: seal, update });
});

const verify = (bytes: Buffer) => verifyDocument(bytes, { trust, password: PASSWORD });

/** A stream of validation data, which `appendUpdate` encrypts. */
const stream = (data: Buffer) => `<< /Length ${data.length} >>\nstream\n${data.toString('latin1')}\nendstream`;

describe('an encrypted PDF', () => {
  it('is valid with its password, and its strings are read', async () => {
    const report = await verify(signed);
    expect(report).toMatchObject({ verdict: 'valid', reasons: [], signatures: [{ name: 'Signature10' }] });
    expect(report.signatures[0]!.claimedSigningTime).toEqual(new Date('2026-01-02T03:04:05Z'));
  });

  it('is indeterminate without its password, which no message repeats', async () => {
    for (const password of [undefined, 'incorrect horse']) {
      const report = await verifyDocument(signed, { trust, ...(password && { password }) });
      expect(report.verdict).toBe('indeterminate');
      expect(codes(report)).toEqual(['encrypted']);
      expect(JSON.stringify(report)).not.toContain('horse');
    }
    await expect(verifyDocument(signed, { password: 1 as never })).rejects.toThrow('Invalid "password"');
  });

  it('may get a further signature, validation data and a document timestamp', async () => {
    const twice = signPdf(signed, { signer: seal, number: 20, fields: '7 0 R 10 0 R 20 0 R', update });
    const crl = await issueCrl(root, [], new Date());
    const dss = { 40: '<< /Certs [41 0 R] /CRLs [42 0 R] >>', 41: stream(root.der), 42: stream(crl) };
    const catalog = { 1: '<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS 40 0 R >>' };
    const extended = signPdf(appendUpdate(twice, { ...catalog, ...dss }, update), {
      signer: authority,
      number: 30,
      fields: '7 0 R 10 0 R 20 0 R 30 0 R',
      subFilter: 'ETSI.RFC3161',
      update,
    });
    const report = await verify(extended);
    expect(report.reasons.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(report).toMatchObject({
      verdict: 'valid',
      signatures: [
        { level: 'B-LTA', revocation: { status: 'good', source: 'crl' } },
        { level: 'B-LTA' },
        { kind: 'document-timestamp' },
      ],
    });
  });

  it('allows an object to be encrypted again with another initialization vector', async () => {
    const field = '<< /Type /Annot /Subtype /Widget /FT /Tx /T (note) /V (old) /Rect [10 10 100 30] /P 3 0 R >>';
    expect((await verify(appendUpdate(signed, { 5: FONT, 7: field }, update))).verdict).toBe('valid');
  });

  it.each([
    ['page content', { 4: '<< /Length 2 >>\nstream\nBT\nendstream' }],
    [
      'a form field',
      { 7: '<< /Type /Annot /Subtype /Widget /FT /Tx /T (note) /V (new) /Rect [10 10 100 30] /P 3 0 R >>' },
    ],
  ])('is invalid if an update replaces %s', async (_, objects) => {
    const report = await verify(appendUpdate(signed, objects, update));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toEqual(['change-not-allowed']);
  });

  it('is invalid if an update has another file identifier, no encryption, or another one', async () => {
    const identifier = update.trailer.replace(/\/ID.*/, '/ID [<00> <00>]');
    const otherKey = encryptWith(PASSWORD);
    const { trailer: _, ...plain } = update;
    for (const options of [{ ...update, trailer: identifier }, plain, otherKey]) {
      expect((await verify(appendUpdate(signed, { 5: FONT }, options))).verdict).toBe('invalid');
    }
    const encryptedLater = appendUpdate(signPdf(makePdf(), { signer: seal }), {}, otherKey);
    expect((await verify(encryptedLater)).verdict).toBe('invalid');
  });

  it.each([
    ['an unknown crypt filter', /\/StrF \/StdCF/, '/StrF /Other'],
    ['an unknown method', /\/AESV3/, '/AESV9'],
    ['an unknown version', /\/V 5/, '/V 9'],
    ['short keys', /\/UE <\w{64}>/, '/UE <00>'],
    ['a repeated entry', /\/R 5/, '/R 5 /R 6'],
  ])('is not valid with %s', async (_, pattern, replacement) => {
    const options = { ...update, trailer: update.trailer.replace(pattern, replacement) };
    const report = await verify(signPdf(makePdf('x', options), { signer: seal, update: options }));
    expect(['invalid', 'indeterminate']).toContain(report.verdict);
  });
});
