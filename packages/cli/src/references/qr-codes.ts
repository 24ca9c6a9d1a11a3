import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { GrayImage } from './pdf-content.ts';

type Reader = typeof import('zxing-wasm/reader');

let reader: Promise<Reader> | undefined;

/** The texts of the QR codes in an image. */
export async function readQrCodes(image: GrayImage): Promise<string[]> {
  reader ??= loadReader();
  const { readBarcodes } = await reader;
  const results = await readBarcodes(withMargin(image), { formats: ['QRCode'], tryHarder: true });
  return results.map(({ text }) => text);
}

/** zxing-wasm fetches its WebAssembly module from a CDN unless it is given: here it is the file of the installed package. */
async function loadReader(): Promise<Reader> {
  const zxing = await import('zxing-wasm/reader');
  const wasm = await readFile(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm'));
  const wasmBinary = wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength) as ArrayBuffer;
  await zxing.prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
  return zxing;
}

/** Makes an image that `readBarcodes` accepts, with a white margin: QR codes are found by it, and images are often cropped. */
function withMargin({ width, height, pixels }: GrayImage): Parameters<Reader['readBarcodes']>[0] {
  const margin = Math.ceil(Math.max(width, height) / 8);
  const full = { width: width + 2 * margin, height: height + 2 * margin };
  const data = new Uint8ClampedArray(full.width * full.height * 4).fill(255);
  for (let index = 0; index < pixels.length; index++) {
    const x = margin + (index % width);
    const y = margin + Math.floor(index / width);
    data.fill(pixels[index] as number, 4 * (y * full.width + x), 4 * (y * full.width + x) + 3);
  }
  return { ...full, data, colorSpace: 'srgb' } as Parameters<Reader['readBarcodes']>[0];
}
