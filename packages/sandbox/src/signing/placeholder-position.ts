import { SigningError } from '../signer.ts';
import { widthOf } from './helvetica.ts';

interface TextRun {
  str: string;
  /** Text space to page space: direction and size, then the position of the first letter. */
  transform: number[];
  width: number;
  height: number;
}

export interface PlaceholderPosition {
  /** Counted from 1. */
  page: number;
  /** In the page's own space: the lower left corner of the word. */
  x: number;
  y: number;
}

/** How far letters reach below the line they stand on, in font sizes. */
const DESCENT = 0.22;

const maxPagesSearched = 1000;
/** pdf.js walks the list of pages again for each page, so the cost is the product of pages searched and pages in all. */
const maxPageSteps = 2_000_000;

/** Finds the first place where `word` is in the text of a PDF. */
export async function findPlaceholder(pdf: Uint8Array, word: string): Promise<PlaceholderPosition> {
  if (!word.trim()) throw new SigningError('CONFIGURATION_SIGN_ERROR', 'The placeholder to put the seal at is empty');
  let pages = 0;
  for await (const { page, runs } of textOf(pdf)) {
    const [first] = occurrences(runs, word);
    if (first) return { page, ...first };
    pages = page;
  }
  throw new SigningError(
    'CONFIGURATION_SIGN_ERROR',
    `The placeholder "${word}" is not in the text of the document (${pages} pages searched)`,
  );
}

async function* textOf(pdf: Uint8Array): AsyncGenerator<{ page: number; runs: TextRun[] }> {
  // Loaded on demand: a second PDF library of some megabytes that most documents do not need.
  const { getDocumentProxy } = await import('unpdf');
  // pdf.js detaches the buffer that it is given, so it gets a copy.
  const document = await getDocumentProxy(new Uint8Array(pdf), { verbosity: 0 });
  try {
    const last = Math.min(document.numPages, maxPagesSearched, Math.ceil(maxPageSteps / document.numPages));
    for (let page = 1; page <= last; page++) {
      const { items } = await (await document.getPage(page)).getTextContent();
      yield { page, runs: items.filter((item) => 'str' in item) };
    }
  } finally {
    await document.loadingTask.destroy();
  }
}

/** A word may be split into several runs, so runs are searched as one string. */
function occurrences(runs: readonly TextRun[], word: string): { x: number; y: number }[] {
  const text = runs.map((run) => run.str).join('');
  const matches = text.matchAll(wholeWord(word));
  return Array.from(matches, ({ index }) => {
    let rest = index;
    const run = runs.find(({ str }) => {
      if (rest < str.length) return true;
      rest -= str.length;
      return false;
    })!;
    return startOf(run, rest);
  });
}

/** Not within a longer word: `SELO` does not stand in `SELOS`. */
function wholeWord(word: string): RegExp {
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const isLetter = (letter: string | undefined) => /[\p{L}\p{N}_]/u.test(letter ?? '');
  const before = isLetter(word.at(0)) ? '(?<![\\p{L}\\p{N}_])' : '';
  const after = isLetter(word.at(-1)) ? '(?![\\p{L}\\p{N}_])' : '';
  return new RegExp(`${before}${escaped}${after}`, 'gu');
}

/** pdf.js reports only the width of a run, so the position of a letter inside it is estimated with Helvetica's metrics. */
function startOf(run: TextRun, letter: number): { x: number; y: number } {
  const [a, b, c, d, x, y] = run.transform as [number, number, number, number, number, number];
  const whole = widthOf(run.str, 1);
  const along = whole === 0 ? 0 : (run.width * widthOf(run.str.slice(0, letter), 1)) / whole;
  const size = Math.hypot(a, b) || 1;
  return { x: x + (a / size) * along - c * DESCENT, y: y + (b / size) * along - d * DESCENT };
}
