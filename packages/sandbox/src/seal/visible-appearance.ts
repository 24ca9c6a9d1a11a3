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
import { SealError, type WireVisibleSignatureInfo } from '../sealer.ts';
import { drawable, encode } from './helvetica.ts';
import type { PdfIncrement } from './pdf-increment.ts';
import type { SealPlacement } from './seal-placement.ts';
import { renderTemplate, type TemplateContext } from './seal-template.ts';
import { LINE_HEIGHT, layOutText } from './text-layout.ts';
import { parseBackground, parseFontSize } from './wire-values.ts';

/** What the sandbox draws for `SERVICE_CUSTOMIZATION`, whose template is kept in the real service's backoffice. */
const SERVICE_TEMPLATE = 'Digitally signed by $certificate.getCommonName()\n$date\n$!reason';
const PADDING = 3;
/** An image stands left of the text, no wider than this part of the area. */
const IMAGE_SHARE = 1 / 3;
/** Where letters stand in their line, in font sizes from its top. */
const ASCENT = 0.9;

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Draws a visible seal: background, image, text. Answers the form XObject to show it with. */
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
  const [imageBox, textBox] = split(inner, { hasImage: image !== undefined, hasText: text !== '' });
  const operators = [
    ...(background ? [setFillingRgbColor(...background), rectangle(0, 0, width, height), fill()] : []),
    ...(image ? imageOperators(image, imageBox) : []),
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
    throw new SealError('CONFIGURATION_SIGN_ERROR', `visibleSignatureInfo.imageValue is not an ${imageType} in base64`);
  }
}

function split(box: Box, { hasImage, hasText }: { hasImage: boolean; hasText: boolean }): [image: Box, text: Box] {
  if (!hasImage || !hasText) return [box, box];
  const imageWidth = box.width * IMAGE_SHARE;
  const left = imageWidth + PADDING;
  return [
    { ...box, width: imageWidth },
    { ...box, x: box.x + left, width: box.width - left },
  ];
}

/** As large as fits, in the middle, undistorted. */
function imageOperators(image: PDFImage, box: Box): PDFOperator[] {
  const { width, height } = image.scaleToFit(box.width, box.height);
  const x = box.x + (box.width - width) / 2;
  const y = box.y + (box.height - height) / 2;
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

/** Turns the appearance against the page, so that it stands upright for the reader of a turned page. */
function turn(rotation: number): number[] {
  const cos = Math.round(Math.cos((rotation * Math.PI) / 180));
  const sin = Math.round(Math.sin((rotation * Math.PI) / 180));
  return [cos, sin, -sin, cos, 0, 0];
}
