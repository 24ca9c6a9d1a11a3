import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PDFDocument, PDFName, StandardFonts } from 'pdf-lib';
import { prepareZXingModule, writeBarcode } from 'zxing-wasm/writer';

export interface InvoicePage {
  /** Text at a place in points from the lower left corner. */
  readonly lines?: readonly (readonly [text: string, x: number, y: number])[];
  readonly qr?: string;
  /** How the QR code is stored. Default: as a PNG, which pdf-lib decodes to RGB. */
  readonly qrAs?: 'png' | 'bits' | 'mask' | 'squares' | 'path' | 'lines';
}

/** A PDF with these pages. */
export async function invoicePdf(...pages: readonly InvoicePage[]): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  for (const { lines = [], qr, qrAs = 'png' } of pages) {
    const page = document.addPage([595, 842]);
    for (const [text, x, y] of lines) page.drawText(text, { x, y, size: 10, font });
    if (qr === undefined) continue;
    if (qrAs === 'png') {
      page.drawImage(await document.embedPng(await qrPng(qr)), { x: 60, y: 60, width: 90, height: 90 });
      continue;
    }
    if (qrAs !== 'bits' && qrAs !== 'mask') {
      page.node.addContentStream(document.context.register(document.context.stream(await qrDrawing(qr, qrAs))));
      continue;
    }
    const { width, height, bits } = await qrBits(qr);
    const image = document.context.stream(bits, {
      Type: 'XObject',
      Subtype: 'Image',
      Width: width,
      Height: height,
      BitsPerComponent: 1,
      ...(qrAs === 'mask' ? { ImageMask: true } : { ColorSpace: 'DeviceGray' }),
    });
    const name = PDFName.of('QR');
    page.node.setXObject(name, document.context.register(image));
    const placed = document.context.stream('q 0 g 90 0 0 90 60 60 cm /QR Do Q');
    page.node.addContentStream(document.context.register(placed));
  }
  return document.save();
}

/** Text of a QR code by the specification of the tax authority. */
export const qrText = (issuer: string, atcud: string): string =>
  `A:${issuer}*B:999999990*C:PT*D:FT*E:N*F:20260115*G:FT 2026/35*H:${atcud}*I1:PT*I7:100.00*I8:23.00*N:23.00*O:123.00*Q:abcd*R:0000`;

let ready: Promise<unknown> | undefined;

async function loadWriter() {
  const wasm = await readFile(createRequire(import.meta.url).resolve('zxing-wasm/writer/zxing_writer.wasm'));
  await prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer }, fireImmediately: true });
}

async function write(text: string, scale: number) {
  ready ??= loadWriter();
  await ready;
  return writeBarcode(text, { format: 'QRCode', scale });
}

export async function qrPng(text: string): Promise<Uint8Array> {
  const { image } = await write(text, 4);
  if (!image) throw new Error('The QR code was not written.');
  return new Uint8Array(await image.arrayBuffer());
}

/** The QR code as shapes, about 36 mm wide in a browser. */
export async function qrSvg(text: string): Promise<string> {
  const { svg } = await write(text, 3);
  return svg.slice(svg.indexOf('<svg'));
}

/** The QR code at one bit per pixel, 1 is white, as small as it can be. */
async function qrBits(text: string) {
  const { symbol } = await write(text, 1);
  const { width, height, data } = symbol;
  const scale = 3;
  const bytesPerRow = Math.ceil((width * scale) / 8);
  const bits = new Uint8Array(bytesPerRow * height * scale);
  for (let y = 0; y < height * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      const isWhite = data[Math.floor(y / scale) * width + Math.floor(x / scale)] !== 0;
      if (isWhite) bits[y * bytesPerRow + (x >> 3)]! |= 0x80 >> (x & 7);
    }
  }
  return { width: width * scale, height: height * scale, bits };
}

/** Operators that draw the modules, 1.5 points each: as squares, as one path, or as a stroked line for each row of black ones. */
async function qrDrawing(text: string, as: 'squares' | 'path' | 'lines'): Promise<string> {
  const { symbol } = await write(text, 1);
  const { width, height, data } = symbol;
  const drawn: string[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] !== 0) continue;
      const at = `${60 + 1.5 * x} ${200 - 1.5 * y}`;
      drawn.push(as === 'lines' ? `${at} m ${61.5 + 1.5 * x} ${200 - 1.5 * y} l` : `${at} 1.5 1.5 re`);
    }
  }
  if (as === 'squares') return `q 0.1 0.1 0.1 rg ${drawn.join(' f ')} f Q`;
  return as === 'path' ? `q 1 0 0 1 20 30 cm 0 g ${drawn.join(' ')} f* Q` : `q 0 G 1.5 w ${drawn.join(' S ')} S Q`;
}
