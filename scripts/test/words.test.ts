import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const script = new URL('../check-words.ts', import.meta.url).pathname;

function checkWords(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'signstash-words-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'page.md');
  writeFileSync(file, text);
  const { status, stderr } = spawnSync(process.execPath, [script, file], { encoding: 'utf8', timeout: 60_000 });
  return { status, findings: stderr.replaceAll(file, 'page.md').trim().split('\n') };
}

it('reports the file, the line and a better word for each phrase to avoid', () => {
  expect(checkWords('The client signs PDFs.\n\nIt seals each invoice anew.\n')).toEqual({
    status: 1,
    findings: ['page.md:3: "anew": write again', 'page.md:3: "seals each": write sign, signed', '2 phrases to rewrite'],
  });
});

it.each([
  'Documents are sealed before they are sent.',
  'Sealing takes a second.',
  '"x" is no position such as page=1,x=70,y=100',
  'Mend that and run again.',
])('refuses "%s"', (text) => {
  expect(checkWords(text).status).toBe(1);
});

it.each([
  'An electronic seal is a signature of a legal person.',
  'A visible seal is placed on the first page.',
  'whence -w _signstash',
  'The seal of the company is valid.',
])('accepts "%s"', (text) => {
  expect(checkWords(text)).toEqual({ status: 0, findings: [''] });
});

it('is part of the lint script', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(manifest.scripts.lint.split(' && ')).toContain('node scripts/check-words.ts');
});
