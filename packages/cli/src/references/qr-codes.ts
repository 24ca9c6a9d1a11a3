import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** A gray image: one byte per pixel, 0 is black. */
export interface GrayImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

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
  // All four bytes at once: the reader does not look at the opacity.
  const colors = new Uint32Array(full.width * full.height).fill(0xffffffff);
  for (let y = 0; y < height; y++) {
    const start = (y + margin) * full.width + margin;
    for (let x = 0; x < width; x++) colors[start + x] = (pixels[y * width + x] as number) * 0x01010101;
  }
  const data = new Uint8ClampedArray(colors.buffer);
  return { ...full, data, colorSpace: 'srgb' } as Parameters<Reader['readBarcodes']>[0];
}
