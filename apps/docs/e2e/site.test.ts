import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AxeBuilder } from '@axe-core/playwright';
import { openBrowser } from '@signstash-connect/testing/pictures';
import { expect, it, onTestFinished } from 'vitest';

const run = promisify(execFile);
const docs = fileURLToPath(new URL('..', import.meta.url));
const dist = join(docs, '.vitepress/dist');
const base = '/signstash-connect/';
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** The pages that people wrote: the API reference is generated and large. */
const findPages = () =>
  globSync('**/*.html', { cwd: dist, exclude: (name) => name === 'reference' })
    .filter((file) => file !== '404.html')
    .map((file) => file.replace(/(index)?\.html$/, ''));

async function serve(): Promise<string> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname).slice(base.length);
    const file = [path, `${path}.html`, join(path, 'index.html')]
      .map((name) => join(dist, name))
      .find((name) => extname(name) !== '' && existsSync(name));
    response.statusCode = file ? 200 : 404;
    if (file) response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
    response.end(file && readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`;
}

it('builds pages that are readable on a desktop and a telephone, in light and dark, without other hosts', async () => {
  // A separate process: Vite resolves other modules under the conditions of this test runner.
  await run('npm', ['run', '--silent', 'site'], { cwd: docs, env: { ...process.env, NODE_ENV: 'production' } });
  const [url, browser] = await Promise.all([serve(), openBrowser()]);
  onTestFinished(() => browser.close());
  const pages = findPages();
  expect(pages.length).toBeGreaterThan(30);
  const problems: string[] = [];
  for (const { width, colorScheme } of [
    { width: 1280, colorScheme: 'light' },
    { width: 390, colorScheme: 'dark' },
  ] as const) {
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme,
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && problems.push(`${page.url()}: ${message.text()}`));
    page.on('pageerror', (error) => problems.push(`${page.url()}: ${error}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
        problems.push(`${page.url()} loads ${request.url()}`);
    });
    for (const path of pages) {
      await page.goto(url + path);
      const scrollWidth = await page.locator('html').evaluate((root) => root.scrollWidth);
      if (scrollWidth > width) problems.push(`${path} is ${scrollWidth} pixels wide at ${width}`);
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa']).analyze();
      for (const { id, nodes } of violations)
        problems.push(`${path} at ${width}, ${colorScheme}: ${id} ${nodes[0]?.html}`);
    }
    await context.close();
  }
  expect(problems).toEqual([]);
  expect(deadLinks()).toEqual([]);
}, 900_000);

function deadLinks(): string[] {
  const contents = new Map(
    globSync('**/*.html', { cwd: dist }).map((file) => {
      const html = readFileSync(join(dist, file), 'utf8');
      const values = (name: string) =>
        [...html.matchAll(new RegExp(` ${name}="([^"]+)"`, 'g'))].map(([, value = '']) =>
          value.replaceAll('&amp;', '&'),
        );
      return [file.replace(/(index)?\.html$/, ''), { ids: new Set(values('id')), links: values('href') }] as const;
    }),
  );
  const dead = new Set<string>();
  for (const [path, { links }] of contents) {
    for (const link of links) {
      const target = new URL(link, `http://site${base}${path}`);
      if (target.host !== 'site') continue;
      const file = decodeURIComponent(target.pathname.slice(base.length)).replace(/\.html$/, '');
      const page = contents.get(file) ?? contents.get(`${file}/`);
      const anchor = decodeURIComponent(target.hash.slice(1));
      const exists = page
        ? anchor === '' || page.ids.has(anchor)
        : extname(file) !== '' && existsSync(join(dist, file));
      if (!exists) dead.add(`${path} → ${link}`);
    }
  }
  return [...dead];
}
