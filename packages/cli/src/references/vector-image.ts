import type { GrayImage } from './qr-codes.ts';

type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];
type Point = readonly [x: number, y: number];

/** What PDF.js makes of the drawing operators of a page. */
export interface OperatorList {
  readonly fnArray: readonly number[];
  // biome-ignore lint/suspicious/noExplicitAny: each operator has its own arguments.
  readonly argsArray: readonly any[];
}

interface State {
  matrix: Matrix;
  fill: number;
  stroke: number;
  lineWidth: number;
}

/** A drawing with fewer shapes is no QR code: the smallest one has 21 × 21 modules. */
const minShapes = 60;

/** Points. Larger shapes are frames and backgrounds: the tax authority's smallest QR code has 85 points, common ones up to 120. */
const maxShapeSize = 150;

/** Pixels per point; the modules of a QR code of 30 mm, the least that the tax authority allows, get 4. */
const defaultScale = 3;
const maxPixels = 16_000_000;

/** Operands of PDF.js in a path, before its numbers. */
const moveTo = 0;
const lineTo = 1;
const curveTo = 2;
const quadraticCurveTo = 3;

/**
 * Draws the filled and stroked shapes of a page, for QR codes that a program wrote as squares or lines. Curves are drawn as straight
 * lines; text, images, patterns, clipping and large shapes are left out.
 *
 * @param view - The page's box in points: left, bottom, right, top.
 * @returns Undefined if the page has too few shapes for a QR code.
 */
export function drawShapes(
  { fnArray, argsArray }: OperatorList,
  ops: Readonly<Record<string, number>>,
  view: readonly number[],
): GrayImage | undefined {
  const [left = 0, bottom = 0, right = 0, top = 0] = view;
  const [pageWidth, pageHeight] = [right - left, top - bottom];
  if (!(pageWidth > 0 && pageHeight > 0)) return undefined;
  const scale = Math.min(defaultScale, Math.sqrt(maxPixels / (pageWidth * pageHeight)));
  const canvas = new Canvas(Math.ceil(pageWidth * scale), Math.ceil(pageHeight * scale));
  const fills = new Set([ops.fill, ops.fillStroke, ops.closeFillStroke]);
  const evenOddFills = new Set([ops.eoFill, ops.eoFillStroke, ops.closeEOFillStroke]);
  const strokes = new Set([ops.stroke, ops.closeStroke]);
  let state: State = {
    matrix: [scale, 0, 0, -scale, -left * scale, top * scale],
    fill: 0,
    stroke: 0,
    lineWidth: 1,
  };
  const saved: State[] = [];
  let shapes = 0;
  for (const [index, operation] of fnArray.entries()) {
    const args = argsArray[index];
    switch (operation) {
      case ops.save:
        saved.push({ ...state });
        break;
      case ops.restore:
      case ops.paintFormXObjectEnd:
        state = saved.pop() ?? state;
        break;
      case ops.paintFormXObjectBegin:
        saved.push({ ...state });
        if (args[0]) state.matrix = multiply(state.matrix, args[0]);
        break;
      case ops.transform:
        state.matrix = multiply(state.matrix, args);
        break;
      case ops.setLineWidth:
        state.lineWidth = args[0];
        break;
      case ops.setFillRGBColor:
        state.fill = brightness(args[0]);
        break;
      case ops.setStrokeRGBColor:
        state.stroke = brightness(args[0]);
        break;
      case ops.constructPath: {
        const [paint, [data]] = args;
        const isEvenOdd = evenOddFills.has(paint);
        const isStroke = strokes.has(paint);
        if (!data || !(isEvenOdd || isStroke || fills.has(paint))) break;
        const polygons = isStroke ? strokedLines(data, state) : subpaths(data, state.matrix);
        if (polygons.length === 1 && sizeOf(polygons[0] as Point[]) > maxShapeSize * scale) break;
        shapes += polygons.length;
        if (isStroke) for (const polygon of polygons) canvas.fill([polygon], state.stroke, false);
        else canvas.fill(polygons, state.fill, isEvenOdd);
      }
    }
  }
  return shapes < minShapes ? undefined : canvas.crop();
}

class Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
  /** What was drawn on: left, top, right, bottom. */
  #drawn: readonly [number, number, number, number] | undefined;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height).fill(255);
  }

  /** Sets the pixels whose centres are inside the polygons. */
  fill(polygons: readonly (readonly Point[])[], value: number, isEvenOdd: boolean): void {
    const edges = polygons.flatMap((points) =>
      points.map(([x, y], index) => {
        const [nextX, nextY] = points[(index + 1) % points.length] as Point;
        return y < nextY
          ? { x, y, endX: nextX, endY: nextY, step: 1 }
          : { x: nextX, y: nextY, endX: x, endY: y, step: -1 };
      }),
    );
    const from = edges.reduce((least, { y }) => Math.min(least, y), Number.POSITIVE_INFINITY);
    const to = edges.reduce((most, { endY }) => Math.max(most, endY), Number.NEGATIVE_INFINITY);
    for (let row = Math.max(0, Math.ceil(from - 0.5)); row < this.height && row + 0.5 < to; row++) {
      const center = row + 0.5;
      const crossings = edges
        .filter(({ y, endY }) => y <= center && center < endY)
        .map(({ x, y, endX, endY, step }) => ({ x: x + ((center - y) * (endX - x)) / (endY - y), step }))
        .sort((a, b) => a.x - b.x);
      let winding = 0;
      for (const [index, { x, step }] of crossings.entries()) {
        winding += step;
        const isInside = isEvenOdd ? index % 2 === 0 : winding !== 0;
        const next = crossings[index + 1];
        if (isInside && next) this.#fillRow(row, x, next.x, value);
      }
    }
  }

  #fillRow(row: number, from: number, to: number, value: number): void {
    const start = Math.min(this.width, Math.max(0, Math.ceil(from - 0.5)));
    const end = Math.min(this.width, Math.max(start, Math.ceil(to - 0.5)));
    if (start === end) return;
    this.pixels.fill(value, row * this.width + start, row * this.width + end);
    const [left, top, right, bottom] = this.#drawn ?? [start, row, end, row];
    this.#drawn = [Math.min(left, start), Math.min(top, row), Math.max(right, end), Math.max(bottom, row)];
  }

  /** The part that was drawn on. */
  crop(): GrayImage | undefined {
    if (!this.#drawn) return undefined;
    const [left, top, right, bottom] = this.#drawn;
    const [width, height] = [right - left, bottom - top + 1];
    const pixels = new Uint8Array(width * height);
    for (let row = 0; row < height; row++) {
      const start = (top + row) * this.width + left;
      pixels.set(this.pixels.subarray(start, start + width), row * width);
    }
    return { width, height, pixels };
  }
}

/** The points of each part of a path, on the canvas. */
function subpaths(data: ArrayLike<number>, matrix: Matrix): Point[][] {
  const found: Point[][] = [];
  for (let at = 0; at < data.length; ) {
    const operator = data[at];
    const numbers =
      operator === curveTo ? 6 : operator === quadraticCurveTo ? 4 : operator === moveTo || operator === lineTo ? 2 : 0;
    if (operator === moveTo) found.push([]);
    if (numbers > 0) {
      const end = at + numbers;
      found.at(-1)?.push(apply(matrix, data[end - 1] as number, data[end] as number));
    }
    at += 1 + numbers;
  }
  return found.filter(({ length }) => length > 1);
}

/** A rectangle for each straight line of a stroked path. */
function strokedLines(data: ArrayLike<number>, { matrix, lineWidth }: State): Point[][] {
  const [a, b, c, d] = matrix;
  const half = (lineWidth * Math.sqrt(Math.abs(a * d - b * c))) / 2;
  return subpaths(data, matrix).flatMap((points) =>
    points.slice(1).map(([x, y], index): Point[] => {
      const [fromX, fromY] = points[index] as Point;
      const length = Math.hypot(x - fromX, y - fromY) || 1;
      const [acrossX, acrossY] = [(-(y - fromY) / length) * half, ((x - fromX) / length) * half];
      return [
        [fromX + acrossX, fromY + acrossY],
        [x + acrossX, y + acrossY],
        [x - acrossX, y - acrossY],
        [fromX - acrossX, fromY - acrossY],
      ];
    }),
  );
}

/** The longer side of what a shape covers. */
function sizeOf(points: readonly Point[]): number {
  const span = (values: readonly number[]) => Math.max(...values) - Math.min(...values);
  return Math.max(span(points.map(([x]) => x)), span(points.map(([, y]) => y)));
}

/** The transformation that applies `inner` first. */
function multiply(outer: Matrix, [a, b, c, d, e, f]: Matrix): Matrix {
  const [A, B, C, D, E, F] = outer;
  return [A * a + C * b, B * a + D * b, A * c + C * d, B * c + D * d, A * e + C * f + E, B * e + D * f + F];
}

const apply = ([a, b, c, d, e, f]: Matrix, x: number, y: number): Point => [a * x + c * y + e, b * x + d * y + f];

/** @param color - Such as `#1f2937`. */
function brightness(color: unknown): number {
  const rgb = Number.parseInt(String(color).slice(1), 16);
  return Number.isNaN(rgb) ? 0 : ((rgb >> 16) * 299 + ((rgb >> 8) & 255) * 587 + (rgb & 255) * 114) / 1000;
}
