import { widthOf } from './helvetica.ts';

export interface TextLayout {
  lines: string[];
  size: number;
}

/** Distance between lines, in font sizes. */
export const LINE_HEIGHT = 1.15;
const SMALLEST_SIZE = 4;
const STEP = 0.5;

/** Wraps text into a box, in a smaller size if it does not fit, and truncates it if it still does not fit. */
export function layOutText(text: string, size: number, width: number, height: number): TextLayout {
  // A font size larger than the box cannot fit.
  for (let smaller = Math.min(size, Math.max(height, SMALLEST_SIZE)); ; smaller -= STEP) {
    const lines = wrap(text, smaller, width);
    const room = Math.max(1, Math.floor(height / (smaller * LINE_HEIGHT)));
    if (lines.length <= room) return { lines, size: smaller };
    if (smaller - STEP < SMALLEST_SIZE)
      return { lines: [...lines.slice(0, room - 1), `${lines[room - 1]}…`], size: smaller };
  }
}

function wrap(text: string, size: number, width: number): string[] {
  const fits = (line: string) => widthOf(line, size) <= width;
  return text.split(/\r\n|\r|\n/).flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(/\s+/).filter(Boolean)) {
      const longer = line ? `${line} ${word}` : word;
      if (fits(longer)) {
        line = longer;
        continue;
      }
      if (line) lines.push(line);
      const pieces = breakWord(word, fits);
      line = pieces.pop()!;
      lines.push(...pieces);
    }
    return [...lines, line];
  });
}

/** A word wider than the box, such as an address without spaces, is broken where it has to be. */
function breakWord(word: string, fits: (line: string) => boolean): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const letter of word) {
    if (piece && !fits(piece + letter)) {
      pieces.push(piece);
      piece = '';
    }
    piece += letter;
  }
  return [...pieces, piece];
}
