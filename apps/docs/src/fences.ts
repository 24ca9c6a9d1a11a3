/** A fenced block of a Markdown file. */
export interface Fence {
  /** Path below the repository. */
  file: string;
  /** Where it begins, from 1. */
  line: number;
  language: string;
  /** The text after the language, such as `run` in "```ts run". */
  words: string[];
  code: string;
}

export function fencesOf(file: string, markdown: string): Fence[] {
  return [...markdown.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, language = '', words = '', code = ''] = match;
    const line = markdown.slice(0, match.index).split('\n').length;
    return { file, line, language, words: words.trim().split(/\s+/).filter(Boolean), code };
  });
}
