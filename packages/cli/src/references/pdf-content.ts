import type { PDFDocumentProxy, PDFPageProxy } from 'unpdf/pdfjs';

/** A gray image: one byte per pixel, 0 is black. */
export interface GrayImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** One page of a PDF. */
export interface PdfPage {
  /** Its text with line breaks, as the PDF orders it. */
  text(): Promise<string>;
  /** The text below each piece of text that `isLabel` accepts, in the same column. */
  textBelow(isLabel: (text: string) => boolean): Promise<string[]>;
  /** Its images, in which a QR code may be. */
  images(): Promise<GrayImage[]>;
}

/**
 * Reads a PDF page by page.
 *
 * @param content - Not changed.
 * @throws What PDF.js throws, such as `PasswordException` or `InvalidPDFException`.
 */
export async function* readPdf(content: Uint8Array): AsyncGenerator<PdfPage> {
  const { getDocumentProxy, getResolvedPDFJS } = await import('unpdf');
  // PDF.js takes the memory that it is given; without verbosity 0 it prints warnings on the standard output.
  const document: PDFDocumentProxy = await getDocumentProxy(new Uint8Array(content), { verbosity: 0 });
  try {
    const { OPS } = await getResolvedPDFJS();
    for (let number = 1; number <= document.numPages; number++) {
      const page = await document.getPage(number);
      yield pdfPage(page, OPS);
      page.cleanup();
    }
  } finally {
    await document.loadingTask.destroy();
  }
}

interface TextItem {
  readonly str: string;
  readonly hasEOL: boolean;
  readonly width: number;
  readonly transform: readonly number[];
}

function pdfPage(page: PDFPageProxy, ops: Readonly<Record<string, number>>): PdfPage {
  let items: Promise<TextItem[]> | undefined;
  const readItems = async () => {
    const { items } = await page.getTextContent();
    return items.filter((item): item is TextItem & typeof item => 'str' in item);
  };
  const getItems = () => {
    items ??= readItems();
    return items;
  };
  return {
    text: async () => (await getItems()).map(({ str, hasEOL }) => (hasEOL ? `${str}\n` : str)).join(''),
    textBelow: async (isLabel) => {
      const all = (await getItems()).filter(({ str }) => str.trim() !== '');
      return all.filter(({ str }) => isLabel(str)).flatMap((label) => nearestBelow(label, all)?.str ?? []);
    },
    images: () => readImages(page, ops),
  };
}

/** How far below its label a value may be, in font sizes. */
const maxLinesBelow = 3;

function nearestBelow(label: TextItem, items: readonly TextItem[]): TextItem | undefined {
  const [, , , size = 0, left = 0, baseline = 0] = label.transform;
  const below = items.filter(({ transform: [, , , , x = 0, y = 0], width }) => {
    const distance = baseline - y;
    const isClose = distance > 0 && distance <= maxLinesBelow * Math.abs(size);
    return isClose && x < left + label.width && x + width > left;
  });
  return below.sort((a, b) => (b.transform[5] ?? 0) - (a.transform[5] ?? 0))[0];
}

/** An image as PDF.js decodes it. */
interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly data?: Uint8Array | Uint8ClampedArray | string;
}

async function readImages(page: PDFPageProxy, ops: Readonly<Record<string, number>>): Promise<GrayImage[]> {
  const { fnArray, argsArray } = await page.getOperatorList();
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
