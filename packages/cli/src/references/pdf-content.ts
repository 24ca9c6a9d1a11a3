import type { PDFDocumentProxy, PDFPageProxy } from 'unpdf/pdfjs';
import { readImages } from './page-images.ts';
import type { GrayImage } from './qr-codes.ts';
import { drawShapes } from './vector-image.ts';

/** One page of a PDF. */
export interface PdfPage {
  /** Its text with line breaks, as the PDF orders it. */
  text(): Promise<string>;
  /** The text below each piece of text that `isLabel` accepts, in the same column. */
  textBelow(isLabel: (text: string) => boolean): Promise<string[]>;
  /** Its images, in which a QR code may be. */
  images(): Promise<GrayImage[]>;
  /** Its filled and stroked shapes as an image; undefined if they are too few for a QR code. */
  drawing(): Promise<GrayImage | undefined>;
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
  let operators: ReturnType<PDFPageProxy['getOperatorList']> | undefined;
  const readItems = async () => {
    const { items } = await page.getTextContent();
    return items.filter((item): item is TextItem & typeof item => 'str' in item);
  };
  const getItems = () => {
    items ??= readItems();
    return items;
  };
  const getOperators = () => {
    operators ??= page.getOperatorList();
    return operators;
  };
  return {
    text: async () => (await getItems()).map(({ str, hasEOL }) => (hasEOL ? `${str}\n` : str)).join(''),
    textBelow: async (isLabel) => {
      const all = (await getItems()).filter(({ str }) => str.trim() !== '');
      return all.filter(({ str }) => isLabel(str)).flatMap((label) => nearestBelow(label, all)?.str ?? []);
    },
    images: async () => readImages(page, await getOperators(), ops),
    drawing: async () => drawShapes(await getOperators(), ops, page.view),
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
