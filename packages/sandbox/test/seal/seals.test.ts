import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { beforeAll, expect, it } from 'vitest';
import { openSealer } from '../../src/seal/index.ts';
import type { Sealer, WireSignatureInfo } from '../../src/sealer.ts';
import { fixture, SEALABLE_PDFS } from '../support/fixtures.ts';
import { embeddedSignatures } from '../support/signed-pdf.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What can be told without other programs. Those are asked in the `*.external.test.ts` files beside this one. */

let sealer: Sealer;
beforeAll(async () => {
  sealer = await openSealer({ stateDirectory: temporaryFolder() });
});

async function seal(content: Uint8Array, info: Partial<WireSignatureInfo> = {}): Promise<Buffer> {
  const signatureInfo: WireSignatureInfo = { signatureType: 'PAdES', ...info };
  return Buffer.from(await sealer.seal({ content, contentType: 'application/pdf', signatureInfo }));
}

async function verifyCms(cms: Uint8Array, content?: Uint8Array): Promise<boolean> {
  const contentInfo = new pkijs.ContentInfo({ schema: asn1js.fromBER(cms).result });
  const signedData = new pkijs.SignedData({ schema: contentInfo.content });
  const data = content && { data: new Uint8Array(content).buffer };
  return signedData.verify({ signer: 0, ...data }).catch(() => false);
}

it.each([...SEALABLE_PDFS, 'sealed-before.pdf'])('%s is sealed without a change to its own bytes', async (name) => {
  const original = await fixture(name);
  const sealed = await seal(original, { applyTimestamp: true });
  expect(sealed.subarray(0, original.length).equals(original)).toBe(true);

  const { cms, covered, end } = embeddedSignatures(sealed).at(-1)!;
  expect(end).toBe(sealed.length);
  expect(await verifyCms(cms, covered)).toBe(true);
  covered[0]! ^= 1;
  expect(await verifyCms(cms, covered)).toBe(false);
});

it('CAdES brings its content along', async () => {
  const content = Buffer.from('Recibo nº 12');
  const cms = await seal(content, { signatureType: 'CAdES' });
  expect(cms.includes(content)).toBe(true);
  expect(await verifyCms(cms)).toBe(true);
  cms[cms.indexOf(content)]! ^= 1;
  expect(await verifyCms(cms)).toBe(false);
});

it('XAdES stands in the element asked for, or else in the root', async () => {
  const invoice = await fixture('ubl-invoice.xml');
  const signatureLocation = 'ext:ExtensionContent';
  const inside = await seal(invoice, { signatureType: 'XAdES', advancedSignatureInfo: { signatureLocation } });
  expect(inside.toString()).toMatch(/<ext:ExtensionContent><ds:Signature .*<\/ds:Signature><\/ext:ExtensionContent>/s);
  const last = await seal(invoice, { signatureType: 'XAdES' });
  expect(last.toString().trimEnd()).toMatch(/<\/ds:Signature><\/Invoice>$/);
});
