import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { openBrowser, takePicture } from '@signstash-connect/testing/pictures';
import { marked } from 'marked';
import { expect, test } from 'vitest';
import { minimalPdf } from '../../core/test/support/minimal-pdf.ts';
import { runAction } from './harness/run-action.ts';
import { inputsFor, sandboxed } from './support/sandboxed.ts';
import { workspaceWith } from './support/workspace.ts';

const githubStyle = readFileSync(
  createRequire(import.meta.url).resolve('github-markdown-css/github-markdown-light.css'),
  'utf8',
);

test('the summary, rendered as GitHub does, shows what was signed, what was recovered and what failed', async () => {
  const sandbox = await sandboxed({ duplicateReferences: 'refuse' });
  const invoices = { 'invoices/FT 2026-1.pdf': minimalPdf('1'), 'invoices/FT 2026-2.pdf': minimalPdf('2') };
  const workspace = workspaceWith({
    ...invoices,
    'invoices/FT 2026-3.pdf': minimalPdf('3'),
    'invoices/notes.pdf': 'not a PDF',
  });
  const first = await runAction(workspaceWith(invoices), { inputs: inputsFor(sandbox) });
  expect(first.exitCode).toBe(0);
  const run = await runAction(workspace, { inputs: inputsFor(sandbox) });
  const browser = await openBrowser();
  try {
    const html = `<main class="markdown-body">${await marked.parse(run.summary, { gfm: true })}</main>`;
    const shown = await takePicture(browser, html, {
      file: new URL('../docs/summary.png', import.meta.url),
      width: 1240,
      scale: 1,
      style: githubStyle,
    });
    expect(shown).toMatch(/1 signed.*2 recovered/s);
    expect(shown).toContain('FT 2026-3.pdf');
    expect(shown).toContain('notes.pdf');
    expect(shown).not.toContain('**');
  } finally {
    await browser.close();
  }
});
