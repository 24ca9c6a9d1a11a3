import { beforeAll, describe, expect, it } from 'vitest';
import { readFirstElement } from '../src/cms/der.ts';
import { TrustStore, verifyDocument } from '../src/index.ts';
import { type Identity, issuePair } from './support/authority.ts';
import { signCms } from './support/cms.ts';
import { codes, makePdf, signPdf } from './support/pdf.ts';

const MAX_OUTER_DEPTH = 6;

let seal: Identity;
let trust: TrustStore;
let signed: Buffer;

beforeAll(async () => {
  const pair = await issuePair();
  seal = pair.seal;
  trust = TrustStore.fromCertificates(pair.root.pem);
  signed = signCms({ signer: seal, content: Buffer.alloc(300, 'x'), attached: true });
});

/** Writes constructed elements with indefinite lengths, but not what is signed: certificates and signed attributes. */
function toIndefinite(der: Buffer, depth = 0): Buffer {
  const tag = der[0]!;
  const isSigned = tag === 0xa0 && depth >= 3;
  const digits = der[1]! & 0x80 ? der[1]! & 0x7f : 0;
  let rest = der.subarray(2 + digits);
  if (!(tag & 0x20) || isSigned || depth > MAX_OUTER_DEPTH) return der;
  const parts: Buffer[] = [];
  while (rest.length > 0) {
    const { end } = readFirstElement(rest);
    parts.push(toIndefinite(rest.subarray(0, end), depth + 1));
    rest = rest.subarray(end);
  }
  return Buffer.concat([Buffer.from([tag, 0x80]), ...parts, Buffer.alloc(2)]);
}

describe('indefinite lengths, as NSS and streaming signers write them', () => {
  it('become definite ones, and nothing else changes', () => {
    const ber = toIndefinite(signed);
    expect(ber.equals(signed)).toBe(false);
    expect(readFirstElement(ber)).toEqual({ der: signed, end: ber.length, changed: true });
    expect(readFirstElement(signed)).toEqual({ der: signed, end: signed.length, changed: false });
  });

  it('are accepted in CMS files and in PDF signatures', async () => {
    const ber = toIndefinite(signed);
    expect((await verifyDocument(ber, { trust })).verdict).toBe('valid');
    ber[ber.indexOf('xxxx')]! ^= 1;
    expect(codes(await verifyDocument(ber, { trust }))).toEqual(['digest-mismatch']);
    const token = (content: Buffer) => toIndefinite(signCms({ signer: seal, content }));
    expect((await verifyDocument(signPdf(makePdf(), { signer: seal, token }), { trust })).verdict).toBe('valid');
    const trailing = signPdf(makePdf(), { signer: seal, token, afterCms: '01' });
    expect(codes(await verifyDocument(trailing, { trust }))).toEqual(['trailing-data']);
  });

  it.each([
    ['without an end', '3080020101'],
    ['with half an end', '308002010100'],
    ['on a primitive element', '04800000'],
    ['around an element that is cut short', '30800204010000'],
    ['beyond the element around it', '3005308002010100000000'],
    ['nested too deeply', '3080'.repeat(1000) + '0000'.repeat(1000)],
    ['with data after them', '30800201010000ff'],
  ])('are refused %s', async (_, hex) => {
    const report = await verifyDocument(Buffer.from(hex, 'hex'), { trust });
    expect(report.verdict).toBe('invalid');
  });
});
