import type { PDFPage } from '@cantoo/pdf-lib';

export type Rectangle = readonly [left: number, bottom: number, right: number, top: number];

/**
 * Pages may be turned (/Rotate) and cropped. Callers of the API think of the page as it is seen, from its lower left
 * corner; PDF wants the page's own space. This translates between the two.
 */
export class PageSpace {
  /** How far the reader turns the page clockwise: 0, 90, 180 or 270. */
  readonly rotation: number;
  readonly #box: { x: number; y: number; width: number; height: number };

  constructor(page: PDFPage) {
    this.rotation = ((page.getRotation().angle % 360) + 360) % 360;
    this.#box = page.getCropBox();
  }

  /** Height of the page as it is seen. */
  get seenHeight(): number {
    return this.rotation % 180 === 0 ? this.#box.height : this.#box.width;
  }

  /** The rectangle in the page's own space of an area as seen. */
  rectangle(x: number, y: number, width: number, height: number): Rectangle {
    const [fromX, fromY] = this.#toPage(x, y);
    const [toX, toY] = this.#toPage(x + width, y + height);
    return [Math.min(fromX, toX), Math.min(fromY, toY), Math.max(fromX, toX), Math.max(fromY, toY)];
  }

  /** Where a point of the page's own space is seen. */
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
