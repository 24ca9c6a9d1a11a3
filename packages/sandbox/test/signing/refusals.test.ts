import { beforeAll, describe, expect, it } from 'vitest';
import type { Signer, WireSignatureInfo, WireVisibleSignatureInfo } from '../../src/signer.ts';
import { openSigner } from '../../src/signing/index.ts';
import { fixture } from '../support/fixtures.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const COORDINATE: WireVisibleSignatureInfo = {
  templateType: 'ONE_OFF',
  oneOffTemplate: 'Digitally signed by $certificate.getCommonName()',
  locationType: 'COORDINATE',
  locationValue: 'page=1,x=70,y=100',
};

let signer: Signer;
beforeAll(async () => {
  signer = await openSigner({ stateDirectory: temporaryFolder() });
});

function sign(content: Uint8Array, wish?: Partial<WireVisibleSignatureInfo>): Promise<Uint8Array> {
  const visible = wish && { visibleSignatureInfo: { ...COORDINATE, ...wish } };
  const signatureInfo: WireSignatureInfo = { signatureType: 'PAdES', ...visible };
  return signer.sign({ content, contentType: 'application/pdf', signatureInfo });
}

function signXml(xml: string, info: Partial<WireSignatureInfo>): Promise<Uint8Array> {
  const signatureInfo: WireSignatureInfo = { signatureType: 'XAdES', ...info };
  return signer.sign({ content: Buffer.from(xml), contentType: 'application/xml', signatureInfo });
}

describe('a PDF that cannot be signed', () => {
  it.each<[string, string, (pdf: Buffer) => Buffer]>([
    ['encrypted.pdf', 'encrypted', (pdf) => pdf],
    ['pdf-lib.pdf', 'cut short', (pdf) => pdf.subarray(0, pdf.length - 200)],
    ['pdf-lib.pdf', 'does not start with "%PDF-"', (pdf) => Buffer.concat([Buffer.from('junk'), pdf])],
    ['pdf-lib.pdf', 'does not point to a cross-reference section', (pdf) => moveStartXref(pdf)],
    ['ubl-invoice.xml', 'does not start with "%PDF-"', (pdf) => pdf],
    ['pdf-lib.pdf', 'does not start with "%PDF-"', () => Buffer.alloc(0)],
    ['pdf-lib.pdf', 'not a PDF that can be signed', (pdf) => replace(pdf, '/Catalog', '/Nothing')],
    ['pdf-lib.pdf', 'not a PDF that can be signed', (pdf) => replace(pdf, '/Kids', '/Kidz')],
  ])('%s is refused: %s', async (name, message, spoil) => {
    const content = spoil(await fixture(name));
    await expect(sign(content)).rejects.toMatchObject({
      name: 'SigningError',
      signError: 'SIGN_OPERATION_INTERNAL_ERROR',
      message: expect.stringContaining(message),
    });
  });
});

describe('a placeholder', () => {
  it.each([
    ['is not there', 'SELO_ALI', 'is not in the text'],
    ['is only a part of a word', 'SELO', 'is not in the text'],
    ['is empty', ' ', 'is empty'],
  ])('is refused when the word %s', async (_, locationValue, message) => {
    await expect(
      sign(await fixture('pdf-lib.pdf'), { locationType: 'PLACEHOLDER', locationValue }),
    ).rejects.toMatchObject({
      name: 'SigningError',
      signError: 'CONFIGURATION_SIGN_ERROR',
      message: expect.stringContaining(message),
    });
  });
});

describe('an invalid visible seal', () => {
  it.each<[string, Partial<WireVisibleSignatureInfo>]>([
    ['There is no page 2', { locationValue: 'page=2,x=70,y=100' }],
    ['There is no page 0', { locationValue: 'page=0,x=70,y=100' }],
    ['There is no page 1.5', { locationValue: 'page=1.5,x=70,y=100' }],
    ['needs a number for "y"', { locationValue: 'page=1,x=70' }],
    ['needs a number for "x"', { locationValue: 'page=1,x=left,y=1' }],
    ['is not a list of name=value', { locationValue: 'somewhere' }],
    ['must be larger than nothing', { area: 'width=0,height=50' }],
    ['is not a colour', { areaBackgroundColor: 'blue' }],
    ['is not a colour', { font: 'color=blue,size=11' }],
    ['needs a size above 0', { font: 'size=0' }],
    ['is not an IMAGE_PNG in base64', { imageType: 'IMAGE_PNG', imageValue: 'bm90IGEgcG5n' }],
    ['is not an IMAGE_JPG in base64', { imageType: 'IMAGE_JPG', imageValue: 'iVBORw0KGgo=' }],
    ['no signature field "Other"', { locationType: 'SIGN_FIELD', locationValue: 'Other' }],
    ['no signature field "Observações"', { locationType: 'SIGN_FIELD', locationValue: 'Observações' }],
  ])('is refused: %s', async (message, wish) => {
    await expect(sign(await fixture('signature-field.pdf'), wish)).rejects.toMatchObject({
      name: 'SigningError',
      signError: 'CONFIGURATION_SIGN_ERROR',
      message: expect.stringContaining(message),
    });
  });
});

it('fails only the document if its page has no size', async () => {
  const pdf = (await fixture('pdf-lib.pdf')).toString('latin1').replaceAll('/MediaBox', '/MediaBux');
  await expect(sign(Buffer.from(pdf, 'latin1'), {})).rejects.toMatchObject({
    name: 'SigningError',
    signError: 'SIGN_OPERATION_INTERNAL_ERROR',
  });
});

describe('XML that cannot be signed', () => {
  it.each<[string, string, Partial<WireSignatureInfo>, string]>([
    ['not well-formed', '<a><b></a>', {}, 'SIGN_OPERATION_INTERNAL_ERROR'],
    ['empty', '', {}, 'SIGN_OPERATION_INTERNAL_ERROR'],
    ['with a document type', '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', {}, 'SIGN_OPERATION_INTERNAL_ERROR'],
    [
      'without the place',
      '<a/>',
      { advancedSignatureInfo: { signatureLocation: 'ext:None' } },
      'CONFIGURATION_SIGN_ERROR',
    ],
    [
      'with a place of nonsense',
      '<a/>',
      { advancedSignatureInfo: { signatureLocation: '"]|//*' } },
      'CONFIGURATION_SIGN_ERROR',
    ],
  ])('%s is refused', async (_, xml, info, signError) => {
    await expect(signXml(xml, info)).rejects.toMatchObject({ name: 'SigningError', signError });
  });
});

function moveStartXref(pdf: Buffer): Buffer {
  return Buffer.from(pdf.toString('latin1').replace(/startxref\s+\d+/, 'startxref\n20'), 'latin1');
}

function replace(pdf: Buffer, from: string, to: string): Buffer {
  return Buffer.from(pdf.toString('latin1').replaceAll(from, to), 'latin1');
}
