import { beforeAll, describe, expect, it } from 'vitest';
import { TrustStore, type VerificationReport, verifyDocument } from '../src/index.ts';
import { answerOcsp, type Identity, issue, issueCrl, issuePair } from './support/authority.ts';
import { appendUpdate, codes, makePdf, signPdf } from './support/pdf.ts';

let root: Identity;
let seal: Identity;
let trust: TrustStore;
let signed: Buffer;

beforeAll(async () => {
  ({ root, seal } = await issuePair());
  trust = TrustStore.fromCertificates(root.pem);
  signed = signPdf(makePdf(), { signer: seal });
});

const verify = (pdf: Uint8Array): Promise<VerificationReport> => verifyDocument(pdf, { trust });
const contents = (text: string) => `<< /Length ${text.length} >>\nstream\n${text}\nendstream`;

it('accepts the signed document that all attacks start from', async () => {
  const report = await verify(signed);
  expect(codes(report)).toEqual([]);
  expect(report.verdict).toBe('valid');
  expect(report.signatures[0]?.coverage).toEqual({ wholeFile: true, appended: [], allowed: true });
});

describe('incremental saving attacks', () => {
  it('refuses an update that replaces the content of a page', async () => {
    const report = await verify(appendUpdate(signed, { 4: contents('BT (Total: 1.00 EUR) Tj ET') }));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('change-not-allowed');
    expect(report.signatures[0]?.integrity).toBe('intact');
    expect(report.signatures[0]?.coverage.allowed).toBe(false);
  });

  it('refuses an update that gives a page other content', async () => {
    const page = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 20 0 R /Annots [7 0 R] >>';
    const report = await verify(appendUpdate(signed, { 3: page, 20: contents('BT ET') }));
    expect(codes(report)).toContain('change-not-allowed');
  });

  it('refuses an update without its own cross-reference table that a forgiving reader would repair', async () => {
    const report = await verify(Buffer.concat([signed, Buffer.from(`4 0 obj\n${contents('BT ET')}\nendobj\n`)]));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('trailing-data');
  });

  it('refuses an update that leaves out the signed revision', async () => {
    const original = makePdf();
    const prev = Number(/startxref\s+(\d+)\s+%%EOF\s*$/.exec(original.toString('latin1'))![1]);
    const form = { 6: '<< /Fields [7 0 R 10 0 R] >>' };
    const dictionary = { 10: signed.indexOf('10 0 obj'), 11: signed.indexOf('11 0 obj') };
    const report = await verify(appendUpdate(signed, form, { prev, entries: dictionary }));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('change-not-allowed');
  });

  it('refuses an update that replaces the document catalog', async () => {
    const report = await verify(
      appendUpdate(signed, {
        1: '<< /Type /Catalog /Pages 21 0 R /AcroForm 6 0 R >>',
        21: '<< /Type /Pages /Kids [] /Count 0 >>',
      }),
    );
    expect(codes(report)).toContain('change-not-allowed');
  });

  it('refuses a root that is another object', async () => {
    const update = appendUpdate(signed, { 22: '<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>' }).toString('latin1');
    const at = update.lastIndexOf('/Root 1 0 R');
    const report = await verify(Buffer.from(`${update.slice(0, at)}/Root 22 0 R${update.slice(at + 11)}`, 'latin1'));
    expect(report.verdict).toBe('invalid');
  });

  it('refuses an object that is freed', async () => {
    expect(codes(await verify(appendUpdate(signed, {}, { free: [4] })))).toContain('change-not-allowed');
  });
});

describe('shadow attacks', () => {
  it('refuses to show content that was hidden in the signed bytes', async () => {
    const hidden = '20 0 obj\n<< /Length 5 >>\nstream\nBT ET\nendstream\nendobj\n';
    const prepared = signPdf(makePdf(), {
      signer: seal,
      entries: `/Hidden (${hidden.replace(/[()]/g, '')})`,
    });
    const report = await verify(appendUpdate(prepared, {}, { entries: { 4: prepared.indexOf('20 0 obj') } }));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('change-not-allowed');
  });

  it('refuses content for a reference that pointed nowhere when the document was signed', async () => {
    const original = Buffer.from(
      makePdf().toString('latin1').replace('/Contents 4 0 R ', '/Contents 30 0 R'),
      'latin1',
    );
    const prepared = signPdf(original, { signer: seal });
    expect((await verify(prepared)).verdict).toBe('valid');
    const update = appendUpdate(prepared, {
      1: '<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS << /Certs [30 0 R] >> >>',
      30: contents('0'),
    });
    const report = await verify(update);
    expect(report.verdict).toBe('invalid');
    expect(report.reasons.map(({ message }) => message).join()).toContain('refers to object 30');
  });

  it('refuses a changed form field, whose appearance could show anything', async () => {
    const field = '<< /Type /Annot /Subtype /Widget /FT /Tx /T (note) /V (new) /Rect [10 10 100 30] /P 3 0 R >>';
    const report = await verify(appendUpdate(signed, { 7: field }));
    expect(report.signatures[0]?.coverage.appended).toEqual([
      { kind: 'form-fields', allowed: false, detail: 'The form field "note" was changed.' },
    ]);
    expect(report.verdict).toBe('invalid');
  });

  it('refuses a new annotation on top of the page', async () => {
    const page =
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> /Annots [7 0 R 23 0 R] >>';
    const report = await verify(
      appendUpdate(signed, {
        3: page,
        23: '<< /Type /Annot /Subtype /FreeText /Rect [0 0 500 800] /Contents (paid) >>',
      }),
    );
    expect(codes(report)).toContain('change-not-allowed');
  });

  it('refuses a signature field without a signature, whose appearance could show anything', async () => {
    const report = await verify(
      appendUpdate(signed, {
        6: '<< /Fields [7 0 R 10 0 R 24 0 R] /SigFlags 3 >>',
        24: '<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /Rect [0 0 500 800] /P 3 0 R /AP << /N 25 0 R >> >>',
        25: contents('BT ET'),
      }),
    );
    expect(codes(report)).toContain('change-not-allowed');
  });
});

describe('attacks on the ByteRange', () => {
  const refused: [string, (range: number[], pdf: Buffer) => number[] | string, string][] = [
    ['a gap wider than the signature', ([a, b, c, d]) => [a!, b! - 8, c!, d!], 'contents-outside-gap'],
    ['a gap that ends after the signature', ([a, b, c, d]) => [a!, b!, c! + 3, d! - 3], 'contents-outside-gap'],
    ['a start after the first byte', ([, b, c, d]) => [1, b!, c!, d!], 'byte-range'],
    ['ranges that overlap', ([a, b, , d]) => [a!, b!, b! - 100, d!], 'byte-range'],
    ['a range beyond the end of the file', ([a, b, c, d]) => [a!, b!, c!, d! + 1], 'byte-range'],
    ['a range that ends before the end of a revision', ([a, b, c, d]) => [a!, b!, c!, d! - 20], 'not-a-revision'],
    ['negative numbers', ([a, b, c]) => `[${a} ${b} ${c} -5]`, 'byte-range'],
    ['huge numbers', ([a, b, c]) => `[${a} ${b} ${c} 99999999999999999]`, 'byte-range'],
    ['numbers with a fraction', ([a, b, c, d]) => `[${a} ${b} ${c} ${d}.5]`, 'byte-range'],
    ['more than two ranges', ([a, b, c, d]) => `[${a} ${b} ${c} ${d} 0 1]`, 'byte-range'],
    ['fewer than two ranges', ([a, b]) => `[${a} ${b}]`, 'byte-range'],
    ['an empty second range', ([a, b, c]) => [a!, b!, c!, 0], 'byte-range'],
  ];
  it.each(refused)('refuses %s, although it was signed like that', async (_, byteRange, code) => {
    const report = await verify(signPdf(makePdf(), { signer: seal, byteRange }));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain(code);
  });

  it('refuses a second /Contents in the signature dictionary', async () => {
    const report = await verify(signPdf(makePdf(), { signer: seal, entries: '/Contents <30>' }));
    expect(codes(report)).toEqual(['duplicate-entry']);
    expect(report.verdict).toBe('invalid');
  });

  it('refuses a second /ByteRange in the signature dictionary', async () => {
    const report = await verify(signPdf(makePdf(), { signer: seal, entries: '/ByteRange [0 1 2 3]' }));
    expect(codes(report)).toContain('duplicate-entry');
  });

  it('refuses a signature dictionary that is moved in front of its bytes (signature wrapping)', async () => {
    const moved = appendUpdate(signed, {}, { entries: { 11: signed.indexOf('11 0 obj') } });
    expect((await verify(moved)).verdict).toBe('valid');
    const dictionary = /11 0 obj\n([\s\S]*?)\nendobj/.exec(signed.toString('latin1'))![1]!;
    const report = await verify(appendUpdate(signed, { 11: dictionary }));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('contents-outside-gap');
  });
});

describe('signature exclusion', () => {
  it('refuses a document whose signature was taken out of its field', async () => {
    const field = '<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature10) /Rect [0 0 0 0] /F 132 /P 3 0 R >>';
    const report = await verify(appendUpdate(signed, { 10: field }));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toEqual(['unreferenced-signature', 'no-signature']);
  });

  it('refuses a document whose newer signature conceals the removal of the older one', async () => {
    const other = await issue({ name: 'Other', issuer: root, keyUsage: 0xc0 });
    const report = await verify(signPdf(signed, { signer: other, number: 14, fields: '7 0 R 14 0 R' }));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('unreferenced-signature');
  });

  it.each([
    [
      '/Contents is empty',
      (pdf: string) => pdf.replace(/\/Contents <[0-9a-f]+>/, (match) => `/Contents <${'0'.repeat(match.length - 12)}>`),
    ],
    [
      '/SubFilter is missing',
      (pdf: string) => pdf.replace('/SubFilter /ETSI.CAdES.detached', '/SubFilteR /ETSI.CAdES.detached'),
    ],
    ['/ByteRange is missing', (pdf: string) => pdf.replace(/\/ByteRange/, '/ByteRangE')],
  ])('does not accept a signature whose %s', async (_, change) => {
    const report = await verify(Buffer.from(change(signed.toString('latin1')), 'latin1'));
    expect(['invalid', 'indeterminate']).toContain(report.verdict);
  });

  it('reports a document without a signature as invalid', async () => {
    const report = await verify(makePdf());
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toEqual(['no-signature']);
  });
});

describe('unexpected data', () => {
  it.each(['<script>', 'x', '%comment'])('refuses %j after the end of the file', async (data) => {
    const report = await verify(Buffer.concat([signed, Buffer.from(data)]));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('trailing-data');
  });

  it('refuses data that hides in front of a repeated end of the file', async () => {
    const end = signed.subarray(signed.lastIndexOf('startxref'));
    const report = await verify(Buffer.concat([signed, Buffer.from('20 0 obj\n42\nendobj\n'), end]));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toEqual(['trailing-data']);
  });

  it('tolerates white space after the end of the file, and says that it is not covered', async () => {
    const report = await verify(Buffer.concat([signed, Buffer.from('\r\n')]));
    expect(report.verdict).toBe('valid');
    expect(report.signatures[0]?.coverage.wholeFile).toBe(false);
  });

  it('refuses data after the CMS inside /Contents', async () => {
    const report = await verify(signPdf(makePdf(), { signer: seal, afterCms: '41' }));
    expect(codes(report)).toEqual(['trailing-data']);
  });

  it('notices a change of any covered byte', async () => {
    for (const offset of [9, 200, signed.indexOf('Total'), signed.indexOf('/Rect'), signed.length - 2]) {
      const changed = Buffer.from(signed);
      changed[offset]! ^= 1;
      expect((await verify(changed)).verdict).not.toBe('valid');
    }
  });
});

describe('changes that do not alter the signed content', () => {
  it('allows a further signature', async () => {
    const report = await verify(signPdf(signed, { signer: seal, number: 14, fields: '7 0 R 10 0 R 14 0 R' }));
    expect(report.verdict).toBe('valid');
    expect(report.signatures.map(({ coverage }) => coverage.wholeFile)).toEqual([false, true]);
    expect(report.signatures[0]?.coverage.appended.map(({ kind }) => kind)).toEqual(['signature']);
  });

  it('allows validation data and a document timestamp, and finds level B-LTA', async () => {
    const authority = await issue({
      name: 'TSA',
      issuer: root,
      keyUsage: 0x80,
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.8'],
    });
    const crl = await issueCrl(root, [], new Date());
    const stream = (der: Buffer) => `<< /Length ${der.length} >>\nstream\n${der.toString('latin1')}\nendstream`;
    const withData = appendUpdate(signed, {
      1: '<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS 30 0 R >>',
      30: '<< /Type /DSS /Certs [31 0 R] /CRLs [32 0 R] >>',
      31: stream(root.der),
      32: stream(crl),
    });
    const stamped = signPdf(withData, {
      signer: authority,
      subFilter: 'ETSI.RFC3161',
      number: 14,
      fields: '7 0 R 10 0 R 14 0 R',
    });
    const report = await verify(stamped);
    expect(codes(report)).toEqual([]);
    expect(report.signatures.map(({ kind, level }) => [kind, level])).toEqual([
      ['PAdES', 'B-LTA'],
      ['document-timestamp', 'none'],
    ]);
    expect(report.signatures[0]?.coverage.appended.map(({ kind }) => kind)).toEqual(['timestamp', 'validation-data']);
    expect(report.signatures[0]?.revocation).toMatchObject({ status: 'good', source: 'crl' });
    expect(report.signatures[0]?.validity?.basis).toBe('timestamp');
  });

  it('reads an embedded OCSP response, from the issuer or a responder that the issuer named', async () => {
    const responder = await issue({ name: 'OCSP', issuer: root, extendedKeyUsage: ['1.3.6.1.5.5.7.3.9'] });
    const status = async (options: Parameters<typeof answerOcsp>[2]) => {
      const ocsp = await answerOcsp(root, seal, options);
      const dss = {
        30: '<< /Certs [] /OCSPs [31 0 R] >>',
        31: `<< /Length ${ocsp.length} >>\nstream\n${ocsp.toString('latin1')}\nendstream`,
      };
      const report = await verify(
        appendUpdate(signed, { 1: '<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS 30 0 R >>', ...dss }),
      );
      return [report.verdict, report.signatures[0]?.revocation.status];
    };
    expect(await status({})).toEqual(['valid', 'good']);
    expect(await status({ signer: responder })).toEqual(['valid', 'good']);
    expect(await status({ revokedAt: new Date('2024-01-01T00:00:00Z') })).toEqual(['invalid', 'revoked']);
    expect(await status({ signer: seal })).toEqual(['valid', 'unusable']);
  });

  it('allows form fields to be filled if the certification permits it', async () => {
    const certified = signPdf(makePdf(), {
      signer: seal,
      entries:
        '/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /P 2 >> >>]',
    });
    const field = '<< /Type /Annot /Subtype /Widget /FT /Tx /T (note) /V (new) /Rect [10 10 100 30] /P 3 0 R >>';
    expect((await verify(appendUpdate(certified, { 7: field }))).verdict).toBe('valid');
  });
});
