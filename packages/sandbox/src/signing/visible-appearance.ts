import {
  beginText,
  concatTransformationMatrix,
  drawObject,
  endText,
  fill,
  type PDFImage,
  PDFName,
  type PDFOperator,
  type PDFRef,
  popGraphicsState,
  pushGraphicsState,
  rectangle,
  StandardFonts,
  setFillingRgbColor,
  setFontAndSize,
  setTextMatrix,
  showText,
} from '@cantoo/pdf-lib';
import { SigningError, type WireVisibleSignatureInfo } from '../signer.ts';
import { drawable, encode, widthOf } from './helvetica.ts';
import type { PdfIncrement } from './pdf-increment.ts';
import type { SealPlacement } from './seal-placement.ts';
import { renderTemplate, type TemplateContext } from './seal-template.ts';
import { LINE_HEIGHT, layOutText } from './text-layout.ts';
import { parseBackground, parseFontSize } from './wire-values.ts';

/** What the sandbox draws for `SERVICE_CUSTOMIZATION`, whose template is kept in the real service's backoffice. */
const SERVICE_TEMPLATE = 'Digitally signed by $certificate.getCommonName()\n$date\n$!reason';
const PADDING = 3;
/** If the image leaves less room, the text exceeds the area. */
const SMALLEST_TEXT_WIDTH = 40;
/** Where letters stand in their line, in font sizes from its top. */
const ASCENT = 0.9;

interface Size {
  width: number;
  height: number;
}

interface Box extends Size {
  x: number;
  y: number;
}

/** Draws a visible seal: background, image, text. Returns its form XObject. */
export async function drawAppearance(
  increment: PdfIncrement,
  placement: SealPlacement,
  wish: WireVisibleSignatureInfo,
  variables: TemplateContext,
): Promise<PDFRef> {
  const { context, document } = increment;
  const { width, height } = placement;
  const template = wish.templateType === 'ONE_OFF' ? (wish.oneOffTemplate ?? '') : SERVICE_TEMPLATE;
  const text = drawableLines(renderTemplate(template, variables));
  const image = await embedImage(increment, wish);
  const background = parseBackground(wish.areaBackgroundColor);
  const size = parseFontSize(wish.font);

  const padding = Math.min(PADDING, width / 4, height / 4);
  const inner = { x: padding, y: padding, width: width - 2 * padding, height: height - 2 * padding };
  const imageSize = image && { width: image.width, height: image.height };
  const [imageBox, textBox] = arrange(inner, imageSize, text, size);
  const operators = [
    ...(background ? [setFillingRgbColor(...background), rectangle(0, 0, width, height), fill()] : []),
    ...(image ? imageOperators(imageBox) : []),
    ...(text ? textOperators(text, size, textBox) : []),
  ];
  const font = text ? await document.embedFont(StandardFonts.Helvetica) : undefined;
  return context.register(
    context.formXObject(operators, {
      BBox: [0, 0, width, height],
      Matrix: turn(placement.rotation),
      Resources: {
        ...(font && { Font: { F: font.ref } }),
        ...(image && { XObject: { I: image.ref } }),
      },
    }),
  );
}

function drawableLines(text: string): string {
  return text
    .trim()
    .split(/\r\n|\r|\n/)
    .map((line) => drawable(line.replaceAll('\t', ' ')))
    .join('\n');
}

async function embedImage(
  { document }: PdfIncrement,
  { imageType, imageValue }: WireVisibleSignatureInfo,
): Promise<PDFImage | undefined> {
  if (!imageValue) return undefined;
  try {
    return imageType === 'IMAGE_JPG' ? await document.embedJpg(imageValue) : await document.embedPng(imageValue);
  } catch {
    throw new SigningError(
      'CONFIGURATION_SIGN_ERROR',
      `visibleSignatureInfo.imageValue is not an ${imageType} in base64`,
    );
  }
}

/** As the service draws: the image at one point per pixel, the text to its right, both centred in the area. */
function arrange(box: Box, image: Size | undefined, text: string, size: number): [image: Box, text: Box] {
  if (!image) return [box, box];
  const top = box.y + (box.height - image.height) / 2;
  if (!text) return [{ ...image, x: box.x + (box.width - image.width) / 2, y: top }, box];
  const longest = Math.max(...text.split('\n').map((line) => widthOf(line, size)));
  const textWidth = Math.min(longest, Math.max(box.width - image.width - PADDING, SMALLEST_TEXT_WIDTH));
  const left = box.x + (box.width - image.width - PADDING - textWidth) / 2;
  return [
    { ...image, x: left, y: top },
    { ...box, x: left + image.width + PADDING, width: textWidth },
  ];
}

function imageOperators({ x, y, width, height }: Box): PDFOperator[] {
  return [
    pushGraphicsState(),
    concatTransformationMatrix(width, 0, 0, height, x, y),
    drawObject(PDFName.of('I')),
    popGraphicsState(),
  ];
}

function textOperators(text: string, wishedSize: number, box: Box): PDFOperator[] {
  const { lines, size } = layOutText(text, wishedSize, box.width, box.height);
  const top = box.y + box.height;
  return [
    beginText(),
    setFillingRgbColor(0, 0, 0),
    setFontAndSize(PDFName.of('F'), size),
    ...lines.flatMap((line, index) => [
      setTextMatrix(1, 0, 0, 1, box.x, top - size * (ASCENT + index * LINE_HEIGHT)),
      showText(encode(line)),
    ]),
    endText(),
  ];
}

/** Rotates the appearance against the page, so that it is upright on a rotated page. */
function turn(rotation: number): number[] {
  const cos = Math.round(Math.cos((rotation * Math.PI) / 180));
  const sin = Math.round(Math.sin((rotation * Math.PI) / 180));
  return [cos, sin, -sin, cos, 0, 0];
}
