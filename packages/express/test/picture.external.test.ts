import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { simplePdf } from '@signstash-connect/testing';
import { openBrowser, takePicture, textWindow } from '@signstash-connect/testing/pictures';
import express from 'express5';
import { expect, test } from 'vitest';
import { healthcheck, problemDetails, signstash } from '../src/index.ts';
import { listen } from './support/listen.ts';
import { useSandbox } from './support/sandbox.ts';

const run = promisify(execFile);
const context = useSandbox();

test('the sample of the README answers with a signed PDF, and with problem details if it cannot sign', async () => {
  const app = express();
  app.use(signstash({ client: context.client() }));
  app.get('/ready', healthcheck());
  app.get('/invoices/:number', async (request, response) => {
    const { number } = request.params;
    const pdf = number === '8' ? Buffer.from('not a PDF') : simplePdf(`Fatura ${number}`);
    await response.signPdf(pdf, { filename: `${number}.pdf`, reason: 'Invoice', reference: `invoice-${number}` });
  });
  app.use(problemDetails());
  const url = await listen(app);
  const curl = async (path: string, ...options: string[]) => {
    const { stdout } = await run('curl', ['-s', ...options, url + path]);
    const shown = ['curl', ...options, `http://localhost:3000${path}`].join(' ').replace('/dev/null', '7.pdf');
    return `$ ${shown}\n${stdout.replaceAll('\r', '').trimEnd()}\n`;
  };
  const session = [
    await curl('/invoices/7', '-o', '/dev/null', '-D', '-'),
    await curl('/invoices/8', '-i'),
    await curl('/ready'),
  ].map((text) => text.replace(/^(X-Powered-By|Date|Connection|Keep-Alive|Vary): .*\n/gim, ''));
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts express-app call=\/invoices\/7\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const browser = await openBrowser();
  try {
    const body = textWindow('app.mjs', code) + textWindow('Terminal', session.join('\n'));
    const shown = await takePicture(browser, body, {
      file: new URL('../docs/express.png', import.meta.url),
      width: 860,
    });
    expect(shown).toContain('app.use(problemDetails())');
    expect(shown).toContain('HTTP/1.1 200 OK');
    expect(shown).toContain('application/problem+json');
    expect(shown).toContain('"status":"up"');
  } finally {
    await browser.close();
  }
});
