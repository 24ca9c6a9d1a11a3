import { beforeAll, describe, expect, it } from 'vitest';
import { TrustStore, type VerificationReport, verifyDocument } from '../src/index.ts';
import { type Identity, issue, issuePair } from './support/authority.ts';
import { codes } from './support/pdf.ts';
import { DS, signXml } from './support/xml.ts';

const INVOICE = '<Invoice xmlns="urn:test" Id="invoice"><Total>100.00</Total><!-- draft --></Invoice>';

let root: Identity;
let seal: Identity;
let trust: TrustStore;
let signed: string;

beforeAll(async () => {
  ({ root, seal } = await issuePair());
  trust = TrustStore.fromCertificates(root.pem);
  signed = signXml(INVOICE, { signer: seal });
});

const verify = (xml: string, original?: string): Promise<VerificationReport> =>
  verifyDocument(Buffer.from(xml), { trust, ...(original !== undefined && { original: Buffer.from(original) }) });

it('accepts an enveloped signature over the whole document', async () => {
  const report = await verify(signed, INVOICE);
  expect(codes(report)).toEqual([]);
  expect(report).toMatchObject({ format: 'xml', verdict: 'valid', startsWithOriginal: true });
  expect(report.signatures).toMatchObject([
    { kind: 'XAdES', level: 'B-B', integrity: 'intact', coverage: { wholeFile: true } },
  ]);
});

it('accepts a reference to the root element by its Id', async () => {
  expect((await verify(signXml(INVOICE, { signer: seal, uri: '#invoice' }))).verdict).toBe('valid');
});

it('accepts plain XML Signature, without reporting a baseline level', async () => {
  const report = await verify(signXml(INVOICE, { signer: seal, named: null }));
  expect(report.verdict).toBe('valid');
  expect(report.signatures[0]?.level).toBe('none');
});

it('reports that the original was another document', async () => {
  const report = await verify(signed, INVOICE.replace('100.00', '200.00'));
  expect(report).toMatchObject({ verdict: 'invalid', startsWithOriginal: false });
});

describe('changes', () => {
  it.each([
    ['the content', (xml: string) => xml.replace('100.00', '1.00'), 'digest-mismatch'],
    ['an added element', (xml: string) => xml.replace('</Total>', '</Total><Total>1.00</Total>'), 'digest-mismatch'],
    [
      'the signing time',
      (xml: string) => xml.replace(/<xades:SigningTime>\d{4}/, '<xades:SigningTime>2001'),
      'digest-mismatch',
    ],
    [
      'the digest in SignedInfo',
      (xml: string) => xml.replace(/<ds:DigestValue>./, '<ds:DigestValue>+'),
      'signature-mismatch',
    ],
  ])('notices a change of %s', async (_, change, code) => {
    const report = await verify(change(signed));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain(code);
    expect(report.signatures[0]?.integrity).toBe('broken');
  });
});

describe('signature wrapping', () => {
  it('refuses a signed element that was moved under a new root', async () => {
    const byId = signXml(INVOICE, { signer: seal, uri: '#invoice' });
    const report = await verify(`<Envelope><Invoice xmlns="urn:test"><Total>1.00</Total></Invoice>${byId}</Envelope>`);
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('partial-coverage');
  });

  it('refuses an Id that two elements have', async () => {
    const byId = signXml(INVOICE, { signer: seal, uri: '#invoice' });
    const report = await verify(`<Envelope><Invoice Id="invoice"/>${byId}</Envelope>`);
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('ambiguous-reference');
  });

  it('refuses a signed element that hides in an Object of the signature', async () => {
    const report = await verify(
      signXml(INVOICE, { signer: seal, object: '<ds:Object><Total>1.00</Total></ds:Object>' }),
    );
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('partial-coverage');
  });

  it('refuses text between the parts of the signature', async () => {
    const report = await verify(signed.replace('<ds:KeyInfo>', 'Total: 1.00<ds:KeyInfo>'));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('malformed-signature');
  });

  it('refuses a second SignedInfo', async () => {
    const info = /<ds:SignedInfo[\s\S]*<\/ds:SignedInfo>/.exec(signed)![0];
    const report = await verify(signed.replace(info, info + info));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('malformed-signature');
  });

  it('refuses content in another ds:Signature when all signatures are taken out', async () => {
    const transforms = `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath></ds:Transform>`;
    const xpath = signXml(INVOICE, { signer: seal, transforms });
    expect((await verify(xpath)).verdict).toBe('valid');
    const report = await verify(
      xpath.replace('<Total>', `<ds:Signature xmlns:ds="${DS}"><Total>1.00</Total></ds:Signature><Total>`),
    );
    expect(report.verdict).toBe('invalid');
  });

  it('refuses properties that the signature does not cover', async () => {
    const report = await verify(signXml(INVOICE, { signer: seal, unsignedProperties: true }));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('partial-coverage');
  });

  it('refuses a certificate that the signer did not name', async () => {
    const other = await issue({ name: 'Other', issuer: root });
    const report = await verify(signXml(INVOICE, { signer: seal, named: other }));
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toContain('signing-certificate-mismatch');
  });
});

describe('entities', () => {
  it.each([
    ['entity expansion', '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'],
    ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'],
    ['default attributes', '<!DOCTYPE Invoice [<!ATTLIST Total currency CDATA "EUR">]>'],
  ])('refuses %s before it is parsed', async (_, doctype) => {
    const report = await verify(doctype + signed);
    expect(report.verdict).toBe('invalid');
    expect(codes(report)).toEqual(['document-type-declaration']);
  });

  it('refuses a document type declaration in UTF-16', async () => {
    const xml = `<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY a "x">]><a/>`;
    const report = await verifyDocument(Buffer.from(`\ufeff${xml}`, 'utf16le'));
    expect(codes(report)).toEqual(['document-type-declaration']);
  });
});

describe('what is not supported', () => {
  it.each([
    [
      'a foreign XPath',
      {
        transforms:
          '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>false()</ds:XPath></ds:Transform>',
      },
    ],
    ['XSLT', { transforms: '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>' }],
    ['an unknown digest', { digestMethod: 'urn:unknown' }],
    ['HMAC', { signatureMethod: 'http://www.w3.org/2000/09/xmldsig#hmac-sha1' }],
  ])('is indeterminate: %s', async (_, options) => {
    const report = await verify(signXml(INVOICE, { signer: seal, ...options }));
    expect(report.verdict).toBe('indeterminate');
    expect(codes(report)).toContain('unsupported');
  });

  it('is invalid without a signature', async () => {
    expect(codes(await verify(INVOICE))).toEqual(['no-signature']);
  });

  it('is invalid if the XML is not well-formed', async () => {
    expect(codes(await verify('<a><b></a>'))).toEqual(['malformed-document']);
  });
});
