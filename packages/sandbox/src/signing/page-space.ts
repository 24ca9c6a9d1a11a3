import type { PDFPage } from '@cantoo/pdf-lib';

export type Rectangle = readonly [left: number, bottom: number, right: number, top: number];

/**
 * Pages may be rotated (/Rotate) and cropped. Callers of the API use coordinates of the displayed page, from its lower left
 * corner; PDF uses the page's own space. This translates between the two.
 */
export class PageSpace {
  /** Clockwise rotation of the displayed page: 0, 90, 180 or 270 degrees. */
  readonly rotation: number;
  readonly #box: { x: number; y: number; width: number; height: number };

  constructor(page: PDFPage) {
    this.rotation = ((page.getRotation().angle % 360) + 360) % 360;
    this.#box = page.getCropBox();
  }

  /** Height of the displayed page. */
  get seenHeight(): number {
    return this.rotation % 180 === 0 ? this.#box.height : this.#box.width;
  }

  /** Converts an area of the displayed page to the page's own space. */
  rectangle(x: number, y: number, width: number, height: number): Rectangle {
    const [fromX, fromY] = this.#toPage(x, y);
    const [toX, toY] = this.#toPage(x + width, y + height);
    return [Math.min(fromX, toX), Math.min(fromY, toY), Math.max(fromX, toX), Math.max(fromY, toY)];
  }

  /** Converts a point of the page's own space to the displayed page. */
  seen(pageX: number, pageY: number): { x: number; y: number } {
    const { width, height } = this.#box;
    const x = pageX - this.#box.x;
    const y = pageY - this.#box.y;
    switch (this.rotation) {
      case 90:
        return { x: y, y: width - x };
      case 180:
        return { x: width - x, y: height - y };
      case 270:
        return { x: height - y, y: x };
      default:
        return { x, y };
    }
  }

  #toPage(x: number, y: number): readonly [number, number] {
    const { width, height } = this.#box;
    const [pageX, pageY] = {
      0: [x, y],
      90: [width - y, x],
      180: [width - x, height - y],
      270: [y, height - x],
    }[this.rotation] ?? [x, y];
    return [this.#box.x + pageX!, this.#box.y + pageY!];
  }
}
