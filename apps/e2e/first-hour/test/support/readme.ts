import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = new URL('../../../../../', import.meta.url).pathname;

/** A fenced block of a README: a command, a program or a workflow. */
export interface Block {
  language: string;
  code: string;
}

/**
 * The fenced blocks of one section, in order.
 *
 * @param heading - Text of the section's heading; empty for what precedes the first second-level heading.
 * @throws If the README has no such section.
 */
export function section(readme: string, heading: string): Block[] {
  const markdown = readFileSync(join(root, readme), 'utf8');
  const parts = markdown.split(/^(?=#{2,3} )/m);
  const part = heading === '' ? parts[0] : parts.find((text) => text.startsWith(`${heading}\n`));
  if (part === undefined) throw new Error(`${readme} has no section "${heading}".`);
  return [...part.matchAll(/^```(\w+)[^\n]*\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({
    language,
    code,
  }));
}

/** The only block of this language that contains a text. @throws If there is none, or more than one. */
export function block(blocks: readonly Block[], language: string, containing = ''): string {
  const found = blocks.filter((each) => each.language === language && each.code.includes(containing));
  if (found.length !== 1)
    throw new Error(`Expected one ${language} block with "${containing}", found ${found.length}.`);
  return (found[0] as Block).code;
}
