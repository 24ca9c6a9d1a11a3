import { PDFDocument } from '@cantoo/pdf-lib';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Signer, WireSignatureInfo, WireVisibleSignatureInfo } from '../../src/signer.ts';
import { openSigner } from '../../src/signing/index.ts';
import { fixture, SIGNABLE_PDFS } from '../support/fixtures.ts';
import { embeddedSignatures } from '../support/signed-pdf.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What can be checked without other programs; the `*.external.test.ts` files beside this one run those. */

let signer: Signer;
beforeAll(async () => {
  signer = await openSigner({ stateDirectory: temporaryFolder() });
});

async function sign(content: Uint8Array, info: Partial<WireSignatureInfo> = {}): Promise<Buffer> {
  const signatureInfo: WireSignatureInfo = { signatureType: 'PAdES', ...info };
  return Buffer.from(await signer.sign({ content, contentType: 'application/pdf', signatureInfo }));
}

async function verifyCms(cms: Uint8Array, content?: Uint8Array): Promise<boolean> {
  const contentInfo = new pkijs.ContentInfo({ schema: asn1js.fromBER(cms).result });
  const signedData = new pkijs.SignedData({ schema: contentInfo.content });
  const data = content && { data: new Uint8Array(content).buffer };
  return signedData.verify({ signer: 0, ...data }).catch(() => false);
}

it.each([...SIGNABLE_PDFS, 'signed-before.pdf'])('%s is signed without changing its bytes', async (name) => {
  const original = await fixture(name);
  const signed = await sign(original, { applyTimestamp: true });
  expect(signed.subarray(0, original.length).equals(original)).toBe(true);

  const { cms, covered, end } = embeddedSignatures(signed).at(-1)!;
  expect(end).toBe(signed.length);
  expect(await verifyCms(cms, covered)).toBe(true);
  covered[0]! ^= 1;
  expect(await verifyCms(cms, covered)).toBe(false);
});

it('CAdES contains the signed content', async () => {
  const content = Buffer.from('Recibo nº 12');
  const cms = await sign(content, { signatureType: 'CAdES' });
  expect(cms.includes(content)).toBe(true);
  expect(await verifyCms(cms)).toBe(true);
  cms[cms.indexOf(content)]! ^= 1;
  expect(await verifyCms(cms)).toBe(false);
});

it('XAdES is placed in the requested element, by default in the root', async () => {
  const invoice = await fixture('ubl-invoice.xml');
  const signatureLocation = 'ext:ExtensionContent';
  const inside = await sign(invoice, { signatureType: 'XAdES', advancedSignatureInfo: { signatureLocation } });
  expect(inside.toString()).toMatch(/<ext:ExtensionContent><ds:Signature .*<\/ds:Signature><\/ext:ExtensionContent>/s);
  const last = await sign(invoice, { signatureType: 'XAdES' });
  expect(last.toString().trimEnd()).toMatch(/<\/ds:Signature><\/Invoice>$/);
});

describe('a visible seal', () => {
  const visible = (wish: Partial<WireVisibleSignatureInfo>): Partial<WireSignatureInfo> => ({
    visibleSignatureInfo: {
      locationType: 'COORDINATE',
      locationValue: 'page=1,x=100,y=500',
      area: 'width=300,height=200',
      ...wish,
    },
  });
  const rectangle = (pdf: Buffer) =>
    /\/Rect \[\s*(.*?)\s*\]/
      .exec(pdf.toString('latin1').slice(pdf.lastIndexOf('/Annot')))![1]!
      .split(/\s+/)
      .map(Number);
  const a4 = async () => {
    const document = await PDFDocument.create();
    document.addPage([595.28, 841.89]);
    return Buffer.from(await document.save({ useObjectStreams: false }));
  };

  it('is placed from the top of the page, as in a document signed by staging', async () => {
    const [left, bottom, right, top] = rectangle(await sign(await a4(), visible({})));
    expect([left, right]).toEqual([100, 400]);
    expect(bottom).toBeCloseTo(141.89, 5);
    expect(top).toBeCloseTo(341.89, 5);
  });

  it('is placed from the bottom of the page with coordinateOrigin "bottom"', async () => {
    const stateDirectory = temporaryFolder();
    const fromBottom = await openSigner({ stateDirectory, keyAlgorithm: 'EC-P256', coordinateOrigin: 'bottom' });
    const signatureInfo = { signatureType: 'PAdES', ...visible({}) } as WireSignatureInfo;
    const job = { content: await a4(), contentType: 'application/pdf', signatureInfo };
    expect(rectangle(Buffer.from(await fromBottom.sign(job)))).toEqual([100, 500, 400, 700]);
  });

  it('is placed below the first occurrence of a placeholder', async () => {
    const document = await PDFDocument.create();
    const font = await document.embedFont('Helvetica');
    for (const y of [600, 300])
      document.addPage([595.28, 841.89]).drawText('ASSINE_AQUI', { x: 50, y, size: 20, font });
    const content = Buffer.from(await document.save());
    const signed = await sign(content, visible({ locationType: 'PLACEHOLDER', locationValue: 'ASSINE_AQUI' }));
    const [left, bottom, right, top] = rectangle(signed);
    expect([left, right]).toEqual([50, 350]);
    expect(top! - bottom!).toBeCloseTo(200, 5);
    // The lower edge of letters that stand at 600.
    expect(top).toBeGreaterThan(590);
    expect(top).toBeLessThan(600);
  });

  it('is looked for on the first pages only', async () => {
    const document = await PDFDocument.create();
    const page = document.addPage([100, 100]);
    for (let index = 1; index < 1001; index += 1) document.addPage([100, 100]);
    page.drawText('x');
    const content = Buffer.from(await document.save());
    const wish = visible({ locationType: 'PLACEHOLDER', locationValue: 'ASSINE_AQUI' });
    await expect(sign(content, wish)).rejects.toThrow('(1000 pages searched)');
  });
});

it('derives the numbers of new objects from the existing ones if /Size is wrong', async () => {
  const document = await PDFDocument.create();
  document.addPage();
  const text = Buffer.from(await document.save({ useObjectStreams: false })).toString('latin1');
  const signed = await sign(Buffer.from(text.replace(/\/Size \d+/, '/Size 99999999'), 'latin1'));
  const numbers = Array.from(
    signed
      .subarray(text.length)
      .toString('latin1')
      .matchAll(/^(\d+) 0 obj/gm),
    ([, number]) => Number(number),
  );
  expect(Math.max(...numbers)).toBeLessThan(100);
});
