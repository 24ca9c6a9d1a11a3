import { run } from './run.ts';

export type Pixel = readonly [red: number, green: number, blue: number];

export interface Rendering {
  width: number;
  height: number;
  /** One pixel per point, from the lower left corner of the page as it is seen. */
  at(x: number, y: number): Pixel;
}

/** Draws a page with poppler, at one pixel per point. */
export async function renderPage(pdf: Uint8Array, page = 1): Promise<Rendering> {
  const args = ['-r', '72', '-f', `${page}`, '-l', `${page}`, '-'];
  const { stdout, text, exitCode } = await run('pdftoppm', args, pdf);
  if (exitCode !== 0) throw new Error(`pdftoppm failed: ${text}`);
  // P6, width, height and depth, then three bytes per pixel.
  const [header, width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(stdout.subarray(0, 32).toString('latin1')) ?? [];
  if (!header) throw new Error('pdftoppm answered something other than a PPM image');
  const pixels = stdout.subarray(header.length);
  const columns = Number(width);
  const rows = Number(height);
  return {
    width: columns,
    height: rows,
    at(x, y) {
      const offset = ((rows - 1 - y) * columns + x) * 3;
      return [pixels[offset]!, pixels[offset + 1]!, pixels[offset + 2]!];
    },
  };
}

/** The smallest rectangle around everything that differs between two renderings. */
export function changedArea(before: Rendering, after: Rendering) {
  let [left, bottom, right, top] = [before.width, before.height, -1, -1];
  for (let y = 0; y < before.height; y++) {
    for (let x = 0; x < before.width; x++) {
      const [a, b] = [before.at(x, y), after.at(x, y)];
      if (a[0] === b[0] && a[1] === b[1] && a[2] === b[2]) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      bottom = Math.min(bottom, y);
      top = Math.max(top, y);
    }
  }
  return right < 0 ? undefined : { x: left, y: bottom, width: right - left + 1, height: top - bottom + 1 };
}
