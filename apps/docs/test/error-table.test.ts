import { readFileSync } from 'node:fs';
import { errorCodes } from '@signstash-connect/core/adapter';
import { expect, test } from 'vitest';
import { errorPage } from '../src/error-table.ts';

// The formatter pads tables; what they say is compared.
const words = (markdown: string) => markdown.replaceAll(/-{3,}/g, '---').replaceAll(/[ \t]+/g, ' ');

test('the page of error codes equals the table of core', () => {
  const page = readFileSync(new URL('../errors.md', import.meta.url), 'utf8');
  expect(words(page)).toBe(words(errorPage()));
  for (const code of Object.keys(errorCodes)) expect(page).toContain(`\`${code}\``);
});
