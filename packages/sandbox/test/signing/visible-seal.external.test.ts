import { PDFDocument, rgb } from '@cantoo/pdf-lib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Signer, WireSignatureInfo, WireVisibleSignatureInfo } from '../../src/signer.ts';
import { openSigner } from '../../src/signing/index.ts';
import { fixture, fixturePath } from '../support/fixtures.ts';
import { verifySignature } from '../support/pdfsig.ts';
import { changedArea, type Pixel, type Rendering, renderPage } from '../support/render.ts';
import { run } from '../support/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const BACKGROUND: Pixel = [0xdd, 0xee, 0xff];
const RED: Pixel = [255, 0, 0];

const COORDINATE: WireVisibleSignatureInfo = {
  templateType: 'ONE_OFF',
  oneOffTemplate: 'Digitally signed by $certificate.getCommonName()',
  locationType: 'COORDINATE',
  locationValue: 'page=1,x=70,y=100',
  area: 'width=155,height=50',
  areaBackgroundColor: '#DDEEFF',
  font: 'color=#000000,size=11',
};

let signer: Signer;
beforeAll(async () => {
  // Renderings are measured from the lower left corner, so these tests count from there, too; signatures.test.ts has the other direction.
  signer = await openSigner({ stateDirectory: temporaryFolder(), coordinateOrigin: 'bottom' });
});

async function sign(
  content: Uint8Array,
  wish: Partial<WireVisibleSignatureInfo>,
  info: Partial<WireSignatureInfo> = {},
): Promise<Buffer> {
  const visibleSignatureInfo = { ...COORDINATE, ...wish };
  const signatureInfo: WireSignatureInfo = { signatureType: 'PAdES', visibleSignatureInfo, ...info };
  return Buffer.from(await signer.sign({ content, contentType: 'application/pdf', signatureInfo }));
}

/** Signs a fixture, checks it with pdfsig and renders it before and after. */
async function signAndRender(
  name: string,
  wish: Partial<WireVisibleSignatureInfo>,
  info: Partial<WireSignatureInfo> = {},
) {
  const original = await fixture(name);
  const signed = await sign(original, wish, info);
  expect(await verifySignature(signed, signer.caCertificatePem)).toMatchObject({
    valid: true,
    trusted: true,
    totalDocumentSigned: true,
  });
  const [before, after] = await Promise.all([renderPage(original), renderPage(signed)]);
  return { signed, after, area: changedArea(before, after) };
}

const textOf = async (pdf: Buffer) => (await run('pdftotext', ['-layout', '-', '-'], pdf)).stdout.toString();

type Test = (pixel: Pixel) => boolean;

const isDark: Test = (pixel) => Math.max(...pixel) < 128;
/** JPEG and antialiasing blur colours a little. */
const isNear =
  (colour: Pixel): Test =>
  (pixel) =>
    pixel.every((part, index) => Math.abs(part - colour[index]!) < 8);

function count(rendering: Rendering, area: { x: number; y: number; width: number; height: number }, test: Test) {
  let found = 0;
  for (let y = area.y; y < area.y + area.height; y++) {
    for (let x = area.x; x < area.x + area.width; x++) {
      if (test(rendering.at(x, y))) found += 1;
    }
  }
  return found;
}

describe('COORDINATE', () => {
  it.each(['pdf-lib.pdf', 'chromium.pdf', 'xref-stream.pdf', 'linearized.pdf', 'rotated.pdf'])(
    'places the seal exactly at the coordinates on %s and changes nothing else',
    async (name) => {
      const { after, area } = await signAndRender(name, {});
      // One point of tolerance: page heights are not whole pixels.
      expect(area!.x).toBeGreaterThanOrEqual(69);
      expect(area!.y).toBeGreaterThanOrEqual(99);
      expect(area!.x + area!.width).toBeLessThanOrEqual(226);
      expect(area!.y + area!.height).toBeLessThanOrEqual(151);
      expect(area!.width * area!.height).toBeGreaterThanOrEqual(154 * 49);
      expect(count(after, area!, isNear(BACKGROUND))).toBeGreaterThan(0.6 * 155 * 50);
      expect(count(after, area!, isDark)).toBeGreaterThan(20);
    },
  );

  it('is upright on a rotated page', async () => {
    const wide = { oneOffTemplate: 'I', area: 'width=155,height=50', font: 'size=40' };
    const { after } = await signAndRender('rotated.pdf', wide);
    // The letter I is a bar: higher than wide when upright, at the left of the area.
    const black = (x: number, y: number) => isDark(after.at(x, y));
    const column = Array.from({ length: 50 }, (_, y) => y + 100).filter((y) =>
      [74, 76, 78, 80].some((x) => black(x, y)),
    );
    const row = Array.from({ length: 155 }, (_, x) => x + 70).filter((x) => black(x, 130));
    expect(column.length).toBeGreaterThan(20);
    expect(row.length).toBeLessThan(10);
    expect(row.length).toBeGreaterThan(1);
  });

  it('may be on any page', async () => {
    const twoPages = await merge(['chromium.pdf', 'pdf-lib.pdf']);
    const signed = await sign(twoPages, { locationValue: 'page=2,x=70,y=100' });
    const changes = await Promise.all(
      [1, 2].map(async (page) => changedArea(await renderPage(twoPages, page), await renderPage(signed, page))),
    );
    expect(changes[0]).toBeUndefined();
    expect(changes[1]).toBeDefined();
  });

  it('keeps the page visible through a transparent background', async () => {
    const { after, area } = await signAndRender('pdf-lib.pdf', { areaBackgroundColor: 'transparent' });
    expect(count(after, area!, isNear([255, 255, 255]))).toBeGreaterThan(0.6 * area!.width * area!.height);
  });
});

describe('SIGN_FIELD', () => {
  const field = { locationType: 'SIGN_FIELD', locationValue: 'SeloFornecedor' } as const;

  it('fills the field at its own rectangle', async () => {
    const { signed, area } = await signAndRender('signature-field.pdf', field);
    expect(area).toEqual({ x: 300, y: 400, width: 200, height: 60 });
    const report = await verifySignature(signed, signer.caCertificatePem);
    expect(report.signatures).toMatchObject([{ fieldName: 'SeloFornecedor' }]);
    expect(await textOf(signed)).toContain('Entregar de manhã');
  });

  it('refuses a field that is signed already, but not another seal', async () => {
    const signed = await sign(await fixture('signature-field.pdf'), field);
    await expect(sign(signed, field)).rejects.toMatchObject({
      name: 'SigningError',
      signError: 'CONFIGURATION_SIGN_ERROR',
      message: 'The signature field "SeloFornecedor" is already signed',
    });
    const report = await verifySignature(await sign(signed, {}), signer.caCertificatePem);
    expect(report).toMatchObject({ valid: true, trusted: true, totalDocumentSigned: true });
    expect(report.signatures).toHaveLength(2);
  });
});

describe('PLACEHOLDER', () => {
  it.each([
    'chromium.pdf',
    'libreoffice.pdf',
    'cairo.pdf',
    'pdf-lib.pdf',
    'linearized.pdf',
    'hybrid.pdf',
    'rotated.pdf',
  ])('finds the word in the text of %s', async (name) => {
    const original = await fixture(name);
    const { area } = await signAndRender(name, { locationType: 'PLACEHOLDER', locationValue: 'SELO_AQUI' });
    const word = await wordBox(original, 'SELO_AQUI');
    // Within a run of text the way to the word is an estimate.
    expect(Math.abs(area!.x - word.x)).toBeLessThanOrEqual(8);
    // The area is below the word.
    expect(Math.abs(area!.y + area!.height - word.y)).toBeLessThanOrEqual(4);
  });
});

describe('the appearance', () => {
  it('writes Portuguese, the reason and the place', async () => {
    const oneOffTemplate = 'Selado por $certificate.getCommonName()\nMotivo: $reason\nLocal: $location';
    const { signed } = await signAndRender(
      'chromium.pdf',
      { oneOffTemplate },
      { reason: 'Emissão à atenção', location: 'Évora' },
    );
    const text = await textOf(signed);
    expect(text).toContain('Motivo: Emissão à atenção');
    expect(text).toContain('Local: Évora');
    expect(text.replace(/\s+/g, ' ')).toContain('Selado por Sandbox Seal — Not Qualified');
  });

  it('reduces the font size of a long text to fit its area', async () => {
    const oneOffTemplate = `Assinado ${'com muita atenção e cuidado '.repeat(12)}${'x'.repeat(200)} fim`;
    const { signed, area } = await signAndRender('pdf-lib.pdf', { oneOffTemplate });
    expect(area).toEqual({ x: 70, y: 100, width: 155, height: 50 });
    expect(await textOf(signed)).toContain('atenção');
  });

  it('replaces letters that Helvetica does not have', async () => {
    const { signed } = await signAndRender('pdf-lib.pdf', { oneOffTemplate: 'Zażółć 漢字 😀 ção' });
    expect(await textOf(signed)).toContain('Za?ó?? ?? ? ção');
  });

  it('shows an image beside the text', async () => {
    const { after, area } = await signAndRender('pdf-lib.pdf', {
      imageType: 'IMAGE_PNG',
      imageValue: await redImage('-png'),
    });
    // One point per pixel.
    const red = count(after, area!, isNear(RED));
    expect(red).toBeGreaterThan(18 * 18);
    expect(red).toBeLessThanOrEqual(21 * 21);
    expect(count(after, area!, isDark)).toBeGreaterThan(20);
  });

  it('shows an image alone, at one point per pixel, in the middle', async () => {
    const image = { imageType: 'IMAGE_JPG', imageValue: await redImage('-jpeg'), oneOffTemplate: '' } as const;
    const { after, area } = await signAndRender('pdf-lib.pdf', image);
    const red = count(after, area!, isNear(RED));
    expect(red).toBeGreaterThan(18 * 18);
    expect(red).toBeLessThanOrEqual(21 * 21);
    const centre = { x: 70 + 77, y: 100 + 24, width: 2, height: 2 };
    expect(count(after, centre, isNear(RED))).toBe(4);
  });

  it('uses its own text for SERVICE_CUSTOMIZATION', async () => {
    const { signed } = await signAndRender('pdf-lib.pdf', { templateType: 'SERVICE_CUSTOMIZATION' });
    expect(await textOf(signed)).toContain('Digitally signed by');
  });
});

/** Where poppler sees a word, from the lower left corner of the page as it is seen. */
async function wordBox(pdf: Buffer, word: string): Promise<{ x: number; y: number }> {
  const html = (await run('pdftotext', ['-bbox', '-', '-'], pdf)).stdout.toString();
  const { height } = await renderPage(pdf);
  const [, x, bottom] = new RegExp(`xMin="([\\d.]+)" yMin="[\\d.]+" xMax="[\\d.]+" yMax="([\\d.]+)">${word}<`).exec(
    html,
  )!;
  return { x: Number(x), y: height - Number(bottom) };
}

async function merge(names: string[]): Promise<Buffer> {
  return (await run('qpdf', ['--empty', '--pages', ...names.map(fixturePath), '--', '-'])).stdout;
}

/** A square that is all red, drawn by poppler. */
async function redImage(format: '-png' | '-jpeg'): Promise<string> {
  const document = await PDFDocument.create();
  document.addPage([20, 20]).drawRectangle({ width: 20, height: 20, color: rgb(1, 0, 0) });
  const { stdout } = await run('pdftoppm', [format, '-r', '72', '-'], await document.save());
  return stdout.toString('base64');
}
