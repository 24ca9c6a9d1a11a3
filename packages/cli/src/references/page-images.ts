import type { PDFPageProxy } from 'unpdf/pdfjs';
import type { GrayImage } from './qr-codes.ts';
import type { OperatorList } from './vector-image.ts';

/** An image as PDF.js decodes it. */
interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly data?: Uint8Array | Uint8ClampedArray | string;
}

/** The images that a page shows, each once. */
export async function readImages(
  page: PDFPageProxy,
  { fnArray, argsArray }: OperatorList,
  ops: Readonly<Record<string, number>>,
): Promise<GrayImage[]> {
  const images: GrayImage[] = [];
  const seen = new Set<string>();
  const load = (id: string) =>
    new Promise<DecodedImage | undefined>((resolve) => {
      (id.startsWith('g_') ? page.commonObjs : page.objs).get(id, resolve);
    });
  for (const [index, operation] of fnArray.entries()) {
    const isMask = operation === ops.paintImageMaskXObject;
    if (!isMask && operation !== ops.paintImageXObject && operation !== ops.paintInlineImageXObject) continue;
    const argument: string | DecodedImage = argsArray[index][0];
    // An image that is drawn twice is read once.
    const id = typeof argument === 'string' ? argument : argument.data;
    if (typeof id === 'string') {
      if (seen.has(id)) continue;
      seen.add(id);
    }
    const image = typeof id === 'string' ? await load(id) : (argument as DecodedImage);
    const gray = image && toGray(image, isMask);
    if (gray) images.push(gray);
  }
  return images;
}

/** @returns Undefined if PDF.js could not decode the image. */
function toGray({ width, height, data }: DecodedImage, isMask: boolean): GrayImage | undefined {
  if (!data || typeof data === 'string' || !(width > 0 && height > 0)) return undefined;
  const pixels = new Uint8Array(width * height);
  const bytesPerRow = (width + 7) >> 3;
  const channels = data.length / pixels.length;
  if (data.length === bytesPerRow * height && channels < 1) {
    for (let index = 0; index < pixels.length; index++) {
      const x = index % width;
      const bit = ((data[Math.floor(index / width) * bytesPerRow + (x >> 3)] as number) >> (7 - (x & 7))) & 1;
      // A mask paints where its bits are 0, an image is black there.
      pixels[index] = bit * 255;
    }
    return { width, height, pixels };
  }
  if (![1, 3, 4].includes(channels)) return undefined;
  for (let index = 0; index < pixels.length; index++) {
    const at = index * channels;
    const red = data[at] as number;
    const value = channels === 1 ? red : (red * 299 + (data[at + 1] ?? 0) * 587 + (data[at + 2] ?? 0) * 114) / 1000;
    const alpha = channels === 4 ? (data[at + 3] ?? 255) / 255 : 1;
    pixels[index] = isMask ? value : value * alpha + 255 * (1 - alpha);
  }
  return { width, height, pixels };
}
