import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';

/** Pictures in READMEs are rewritten only when asked, with `SCREENSHOTS=1`: fonts differ between machines. */
const rewrites = process.env.SCREENSHOTS !== undefined;

/** The Chromium of this machine, without a window. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'],
  });
}

export interface PictureOptions {
  /** The file in the repository. */
  file: URL;
  /** In CSS pixels; the height follows the content. */
  width: number;
  style?: string;
  /** Pixels per CSS pixel. Default: 1.25, sharp enough for text in files of less than 150 KB. */
  scale?: number;
}

/** Shows HTML in Chromium and takes its picture. Returns the text that can be read in it. */
export async function takePicture(browser: Browser, body: string, options: PictureOptions): Promise<string> {
  const page = await browser.newPage({
    viewport: { width: options.width, height: 200 },
    deviceScaleFactor: options.scale ?? 1.25,
    reducedMotion: 'reduce',
  });
  try {
    await page.setContent(`<!doctype html><meta charset="utf-8"><style>${style}${options.style ?? ''}</style>${body}`);
    const picture = await page.screenshot({ fullPage: true, animations: 'disabled' });
    if (rewrites) {
      const path = fileURLToPath(options.file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, picture);
    }
    return (await page.textContent('body')) ?? '';
  } finally {
    await page.close();
  }
}

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** A window with lines of code or a terminal session; lines that start with `$ ` are what a person typed. */
export function textWindow(title: string, text: string): string {
  const lines = escapeHtml(text.trimEnd()).replace(/^(\$ .*)$/gm, '<b>$1</b>');
  return `<figure class="window"><figcaption>${escapeHtml(title)}</figcaption><pre>${lines}</pre></figure>`;
}

const style = `
  body { margin: 0; padding: 16px; background: #fff; color: #1f2328; font: 14px/1.5 system-ui, 'DejaVu Sans', sans-serif; }
  .window { margin: 0; border: 1px solid #30363d; border-radius: 8px; overflow: hidden; background: #0d1117; color: #e6edf3; }
  .window + .window { margin-top: 12px; }
  .window figcaption { padding: 6px 12px; background: #21262d; color: #b1bac4; font-size: 12px; }
  .window pre { margin: 0; padding: 12px; font: 12.5px/1.5 'DejaVu Sans Mono', monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
  .window b { color: #7ee787; font-weight: normal; }
`;
