import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AxeBuilder } from '@axe-core/playwright';
import { PDFArray, PDFDict, PDFDocument, PDFName, type PDFNumber } from '@cantoo/pdf-lib';
import { createSignStash, optionsFromEnv } from '@signstash-connect/core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser } from './support/browser.ts';
import { fixture, fixturePath, invoice } from './support/documents.ts';
import { type SandboxDesk, sandboxEnv, startSandboxDesk } from './support/sandbox-desk.ts';

const run = promisify(execFile);
/** Screenshots in the repository are rewritten only when asked: `SCREENSHOTS=1`. */
const pictures = process.env.SCREENSHOTS ? fileURLToPath(new URL('../docs/', import.meta.url)) : undefined;

let desk: SandboxDesk;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let folder: string;
let complaints: string[];

beforeAll(async () => {
  [desk, browser] = await Promise.all([startSandboxDesk({ limitUsageCount: 500 }), openBrowser()]);
  folder = await mkdtemp(join(tmpdir(), 'invoice-desk-browser-'));
  if (pictures) await mkdir(pictures, { recursive: true });
});
beforeEach(async () => {
  desk.sandbox.admin.reset();
  await open({ locale: 'en-GB' });
});
afterEach(async () => {
  await context.close();
  // A refused script or style, an exception or a missing file is always a defect.
  expect(complaints).toEqual([]);
});
afterAll(async () => {
  await browser.close();
  await desk.close();
  await rm(folder, { recursive: true });
});

async function open(options: Parameters<Browser['newContext']>[0]): Promise<void> {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
  page = await context.newPage();
  complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(desk.desk.openUrl);
}

const pdfFile = (name: string, bytes: Uint8Array) => ({
  name,
  mimeType: 'application/pdf',
  buffer: Buffer.from(bytes),
});

async function chooseInvoices(...numbers: string[]): Promise<void> {
  const files = await Promise.all(
    numbers.map(async (number) => pdfFile(`Fatura ${number}.pdf`, await invoice(number))),
  );
  await page.setInputFiles('#files', files);
  await page.waitForSelector('#canvas[data-rendered="1"]');
}

const status = () => page.locator('#progress-text');
const says = async (text: string | RegExp) => {
  const found = typeof text === 'string' ? page.getByText(text, { exact: true }) : page.getByText(text);
  await found.first().waitFor();
};

async function picture(name: string): Promise<void> {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

async function download(click: () => Promise<void>): Promise<{ name: string; path: string }> {
  const [event] = await Promise.all([page.waitForEvent('download'), click()]);
  const path = join(folder, `${Date.now()}-${event.suggestedFilename()}`);
  await event.saveAs(path);
  return { name: event.suggestedFilename(), path };
}

/** The report of poppler's pdfsig, with the sandbox's root trusted. */
async function verified(path: string): Promise<string> {
  const nss = await mkdtemp(join(folder, 'nss-'));
  await run('certutil', ['-N', '-d', `sql:${nss}`, '--empty-password']);
  await run('certutil', [
    '-A',
    '-d',
    `sql:${nss}`,
    '-n',
    'sandbox',
    '-t',
    'CT,C,C',
    '-i',
    desk.sandbox.caCertificatePath,
  ]);
  return (await run('pdfsig', ['-nssdir', `sql:${nss}`, path])).stdout;
}

/** Where the seal is on its page, in points. */
async function sealRectangle(path: string): Promise<{ page: number; rectangle: number[] }> {
  const pdf = await PDFDocument.load(await readFile(path), { updateMetadata: false });
  for (const [index, sheet] of pdf.getPages().entries()) {
    for (const reference of sheet.node.Annots()?.asArray() ?? []) {
      const annotation = pdf.context.lookup(reference, PDFDict);
      if (annotation.lookup(PDFName.of('FT')) !== PDFName.of('Sig')) continue;
      const numbers = annotation.lookup(PDFName.of('Rect'), PDFArray).asArray() as PDFNumber[];
      return { page: index + 1, rectangle: numbers.map((number) => number.asNumber()) };
    }
  }
  throw new Error('No page has a visible seal.');
}

async function accessible(): Promise<void> {
  const { violations, passes } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([]);
  expect(passes.length).toBeGreaterThan(20);
}

describe('signing in the browser', () => {
  it('signs several PDFs with the seal at the clicked position and offers them for download', async () => {
    await chooseInvoices('2026-118', '2026-119', '2026-120');
    await page.fill('#reason', 'Fatura eletrónica');
    const canvas = (await page.locator('#canvas').boundingBox())!;
    await page.mouse.click(canvas.x + canvas.width * 0.75, canvas.y + canvas.height * 0.75);
    const place = await Promise.all(
      ['x', 'y', 'width', 'height'].map(async (id) => Number(await page.inputValue(`#${id}`))),
    );
    const [x, y, width, height] = place as [number, number, number, number];
    expect(Math.abs(x + width / 2 - 595 * 0.75)).toBeLessThan(2);
    expect(Math.abs(y + height / 2 - 842 * 0.75)).toBeLessThan(2);
    await picture('prepare-light-en');

    await page.getByRole('button', { name: 'Sign 3 documents' }).click();
    await says('All 3 documents are signed.');
    expect(await page.locator('.badge').allInnerTexts()).toEqual(Array(3).fill('Verified: valid'));
    await page.waitForSelector('#canvas[data-rendered="1"]');
    await says(/^3 of 500 signatures are used, until /);
    await picture('results-light-en');

    const one = await download(() => page.getByRole('link', { name: 'Download Fatura 2026-119.pdf' }).click());
    expect(one.name).toBe('Fatura 2026-119-signed.pdf');
    const said = await verified(one.path);
    expect(said).toContain('Signature is Valid.');
    expect(said).toContain('Certificate is Trusted.');
    expect(said).toContain('Total document signed');
    expect(await sealRectangle(one.path)).toEqual({ page: 1, rectangle: [x, 842 - y - height, x + width, 842 - y] });

    const all = await download(() => page.getByRole('link', { name: 'Download all' }).click());
    const { stdout } = await run('python3', ['-m', 'zipfile', '-l', all.path]);
    for (const number of [118, 119, 120]) expect(stdout).toContain(`Fatura 2026-${number}-signed.pdf`);
    expect(desk.sandbox.admin.counts().documentsSigned).toBe(3);
  });

  it('accepts dropped files and signs invisibly on request', async () => {
    const bytes = JSON.stringify([...(await fixture('chromium.pdf'))]);
    const transfer = await page.evaluateHandle(`(() => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(${bytes})], 'dropped.pdf', { type: 'application/pdf' }));
      return data;
    })()`);
    await page.dispatchEvent('#drop', 'dragover', { dataTransfer: transfer });
    await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
    await says('dropped.pdf');
    await page.uncheck('#visible');
    expect(await page.locator('#mark').isHidden()).toBe(true);
    await page.click('#start');
    await says('The document is signed.');
    const signed = await download(() => page.getByRole('link', { name: 'Download dropped.pdf' }).click());
    expect(await verified(signed.path)).toContain('Signature is Valid.');
  });

  it('places the seal on another page, by dragging too', async () => {
    await chooseInvoices('2026-121');
    await page.getByRole('button', { name: 'Next page' }).click();
    await says('Page 2 of 2');
    expect(await page.locator('#mark').isHidden()).toBe(true);
    await page.locator('#canvas').click({ position: { x: 200, y: 200 } });
    expect(await page.inputValue('#page')).toBe('2');
    const before = Number(await page.inputValue('#x'));
    const mark = (await page.locator('#mark').boundingBox())!;
    await page.mouse.move(mark.x + 10, mark.y + 10);
    await page.mouse.down();
    await page.mouse.move(mark.x + 70, mark.y + 10, { steps: 4 });
    await page.mouse.up();
    const moved = Number(await page.inputValue('#x')) - before;
    const scale = (await page.locator('#canvas').boundingBox())!.width / 595;
    expect(Math.abs(moved - 60 / scale)).toBeLessThan(2);
    await page.click('#start');
    await says('The document is signed.');
    await says('Page 2 of 2');
    const signed = await download(() => page.getByRole('link', { name: 'Download Fatura 2026-121.pdf' }).click());
    expect((await sealRectangle(signed.path)).page).toBe(2);
  });

  it('sends the delivery mail again', async () => {
    await chooseInvoices('2026-122');
    await page.click('#start');
    await says('The document is signed.');
    await page.getByRole('button', { name: 'Send Fatura 2026-122.pdf by e-mail again' }).click();
    await page.fill('#receivers', 'no address');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await says('One of the e-mail addresses is not valid.');
    complaints = complaints.filter((complaint) => !complaint.includes('422'));
    await page.fill('#receivers', 'ana@example.org, rui@example.org');
    await accessible();
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await says('The e-mail is on its way.');
    expect(desk.sandbox.admin.counts().mailsResent).toBe(2);
  });

  it('shows the documents again after a reload, and starts over on request', async () => {
    await chooseInvoices('2026-123');
    await page.click('#start');
    await says('The document is signed.');
    await page.reload();
    await says('The document is signed.');
    await page.getByRole('button', { name: 'Sign more documents' }).click();
    expect(await page.locator('#results').isHidden()).toBe(true);
    expect(new URL(page.url()).hash).toBe('');
    await chooseInvoices('2026-123');
    await page.click('#start');
    await says('Signed earlier; this is the same document and was not charged again');
    expect(desk.sandbox.admin.counts().documentsSigned).toBe(1);
  });
});

describe('the check page', () => {
  const sign = async () =>
    (await createSignStash(optionsFromEnv(sandboxEnv(desk.sandbox))).sign(await invoice('2026-140'))).content;
  const choose = (name: string, bytes: Uint8Array) =>
    page.setInputFiles('#document', { name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });

  it('is linked from the desk and shows who signed a document, in both languages', async () => {
    await page.getByRole('link', { name: 'Check a document' }).click();
    await page.waitForURL('**/check');
    await accessible();
    await choose('Fatura 2026-140-signed.pdf', await sign());
    await says('The document is signed and unchanged, and the signature comes from a trusted authority.');
    await says('Signature 1 of 1');
    await says('PAdES B-B');
    await says('Nothing was added');
    expect(await page.evaluate('document.activeElement?.id')).toBe('report');
    await accessible();
    await picture('check-light-en');
    await page.getByRole('button', { name: 'Português' }).click();
    await says('O documento está assinado e inalterado, e a assinatura é de uma autoridade de confiança.');
    await says('Assinatura 1 de 1');
    expect(await page.title()).toBe('Verificar um documento');
    await page.getByRole('link', { name: 'Assinar documentos' }).click();
    await page.waitForSelector('#files', { state: 'attached' });
  });

  it('explains why a document is not valid', async () => {
    await open({ locale: 'pt-PT', colorScheme: 'dark', viewport: { width: 390, height: 900 } });
    await page.goto(`${desk.desk.url}/check`);
    const changed = Buffer.from(await sign());
    changed[changed.indexOf('Fatura')] = 0x66;
    changed[200]! ^= 1;
    await choose('alterado.pdf', changed);
    await says('O documento não tem uma assinatura válida. Não confie nele.');
    await accessible();
    await picture('check-dark-pt-narrow');
    await choose('fatura.pdf', await invoice('2026-141'));
    await says('O documento não está assinado.');
    expect(await page.locator('#signatures').textContent()).toBe('');
    const large = join(folder, 'grande.pdf');
    await writeFile(large, new Uint8Array(25 * 1024 * 1024 + 1));
    await page.setInputFiles('#document', large);
    await says('grande.pdf tem mais de 25 MB.');
    expect(await page.locator('#report').isHidden()).toBe(true);
  });

  it('shows names of a document as text', async () => {
    await page.goto(`${desk.desk.url}/check`);
    await choose('<img src=x onerror=alert(1)>.pdf', await sign());
    await says(/^Result for /);
    expect(await page.locator('#report img').count()).toBe(0);
  });
});

describe('understandable messages are shown for', () => {
  it('documents that cannot be signed, among one that can', async () => {
    await page.setInputFiles('#files', [
      pdfFile('good.pdf', await invoice('2026-124')),
      pdfFile('protected.pdf', await fixture('encrypted.pdf')),
      pdfFile('broken.pdf', Buffer.from('%PDF-1.7\nand nothing else')),
      { name: 'letter.docx', mimeType: 'application/pdf', buffer: Buffer.from('PK no pdf') },
    ]);
    await says('letter.docx is not a PDF and was left out.');
    await page.getByRole('button', { name: 'broken.pdf', exact: true }).click();
    await says('This PDF cannot be shown. It may be damaged or protected by a password.');
    await page.getByRole('button', { name: 'Sign 3 documents' }).click();
    await says('1 of 3 documents are signed, 2 not.');
    await says('This PDF is protected by a password. Remove the protection and try again.');
    await says('Code: DOCUMENT_ENCRYPTED');
    await accessible();
    await picture('error-light-en');
  });

  it('a service that fails, credentials that are refused, a quota that is used up', async () => {
    const cases: [Parameters<typeof desk.sandbox.admin.addFault>[0], string][] = [
      [{ kind: 'quota' }, 'All signatures of the contract are used up. Ask your Sign’Stash operator for more.'],
      [{ kind: 'reject', endpoint: 'sign', status: 403 }, 'Sign’Stash refused the request.'],
      [{ kind: 'document-error' }, 'Sign’Stash could not sign this document.'],
    ];
    for (const [index, [fault, words]] of cases.entries()) {
      desk.sandbox.admin.addFault(fault);
      await chooseInvoices(`2026-20${index}`);
      await page.click('#start');
      await says(new RegExp(`^${words.slice(0, 38)}`));
      await page.getByRole('button', { name: 'Sign more documents' }).click();
    }
  });

  it('a desk that does not answer, and fields that are wrong', async () => {
    await chooseInvoices('2026-125');
    await page.fill('#x', '');
    await page.click('#start');
    await says('Please correct the marked fields.');
    expect(await page.evaluate('document.activeElement?.id')).toBe('x');
    await accessible();
    await page.fill('#x', '40');
    await page.route('**/api/batches', (route) => route.abort());
    await page.click('#start');
    await says('The invoice desk does not respond. Check that it is still running, then try again.');
    complaints = complaints.filter((complaint) => !complaint.includes('ERR_FAILED'));
    await page.unroute('**/api/batches');
    await page.click('#start');
    await says('The document is signed.');
  });

  it('the same file twice', async () => {
    const bytes = await invoice('2026-126');
    await page.setInputFiles('#files', [pdfFile('a.pdf', bytes), pdfFile('b.pdf', bytes)]);
    await page.click('#start');
    await says('The same file twice, signed once: b.pdf');
    await says('The document is signed.');
  });
});

it('can be used with the keyboard alone', async () => {
  const press = (key: string) => page.keyboard.press(key);
  const focus = () => page.evaluate('document.activeElement?.id || document.activeElement?.textContent');
  const tabTo = async (target: string) => {
    for (let tries = 0; tries < 40; tries++) {
      await press('Tab');
      if ((await focus()) === target) return;
    }
    throw new Error(`Tab never came to ${target}.`);
  };
  // Before any key: the browser must know in time that the test waits for it.
  const opened = page.waitForEvent('filechooser');
  await press('Tab');
  await press('Enter');
  expect(await focus()).toBe('work');
  await tabTo('files');
  await press('Space');
  const chooser = await opened;
  await chooser.setFiles([fixturePath('libreoffice.pdf')]);
  await page.waitForSelector('#canvas[data-rendered="1"]');
  await tabTo('reason');
  await page.keyboard.type(' de teste');
  await tabTo('x');
  await press('ArrowUp');
  expect(await page.inputValue('#x')).toBe('41');
  await tabTo('mark');
  await press('ArrowRight');
  await press('Shift+ArrowUp');
  await press('Shift+ArrowUp');
  await press('ArrowDown');
  expect(await page.inputValue('#x')).toBe('42');
  expect(await page.inputValue('#y')).toBe('727');
  expect(await page.locator('#mark').getAttribute('aria-label')).toBe(
    'Seal, 42 from the left and 727 from the top of page 1',
  );
  await tabTo('start');
  await press('Enter');
  await says('The document is signed.');
  expect(await focus()).toBe('results');
  await tabTo('View');
  await press('Tab');
  expect(await focus()).toBe('Download');
  const signed = await download(() => press('Enter'));
  const [left, bottom] = (await sealRectangle(signed.path)).rectangle;
  expect(left).toBe(42);
  // A4 is 841.89 points high; the seal is 56.
  expect(bottom).toBeCloseTo(841.89 - 727 - 56, 1);
  await press('Tab');
  await press('Enter');
  expect(await focus()).toBe('receivers');
  await page.keyboard.type('ana@example.org');
  await press('Enter');
  await says('The e-mail is on its way.');
  expect(await focus()).toBe('E-mail');
});

describe('languages, light and dark', () => {
  it.each(['en', 'pt'] as const)(
    'starts in the language of the browser (%s), without text in the other one',
    async (language) => {
      await open({ locale: language === 'pt' ? 'pt-PT' : 'en-GB' });
      expect(await page.locator('html').getAttribute('lang')).toBe(language);
      const { en } = await import('../web/locales/en.ts');
      const { pt } = await import('../web/locales/pt.ts');
      const [own, other] = language === 'pt' ? [pt, en] : [en, pt];
      await chooseInvoices('2026-127');
      // biome-ignore lint/performance/useDomNodeTextContent: only what can be seen
      const text = await page.locator('body').innerText();
      for (const key of [
        'title',
        'documents',
        'reason',
        'visible',
        'preview',
        'placeHint',
        'startOne',
        'sandboxMode',
      ] as const) {
        expect(text).toContain(own[key]);
        expect(text).not.toContain(other[key]);
      }
    },
  );

  it('changes and remembers them', async () => {
    await chooseInvoices('2026-128');
    await page.getByRole('button', { name: 'Português' }).click();
    await page.getByRole('button', { name: 'Escuro' }).click();
    expect(await page.inputValue('#reason')).toBe('Fatura');
    await page.getByRole('button', { name: 'Assinar 1 documento' }).click();
    await says('O documento está assinado.');
    await says(/^Utilizadas 1 de 500 assinaturas, até 31 de dezembro de \d+\.$/);
    await page.reload();
    await says('O documento está assinado.');
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
  });

  it.each([
    ['light', 'en-GB', 1280],
    ['dark', 'pt-PT', 1280],
    ['light', 'pt-PT', 390],
    ['dark', 'en-GB', 390],
  ] as const)(
    'has no accessibility fault that axe finds (%s, %s, %i pixels wide)',
    async (colorScheme, locale, width) => {
      await open({ colorScheme, locale, viewport: { width, height: 900 } });
      await accessible();
      await chooseInvoices('2026-131', '2026-132');
      await accessible();
      const { scrollWidth, clientWidth } = await page.evaluate<{ scrollWidth: number; clientWidth: number }>(
        '(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }))(document.documentElement)',
      );
      expect(scrollWidth).toBe(clientWidth);
      const suffix = `${colorScheme}-${locale.slice(0, 2)}${width < 500 ? '-narrow' : ''}`;
      await picture(`prepare-${suffix}`);
      await page.click('#start');
      await status()
        .filter({ hasText: /signed\.|assinados\./ })
        .waitFor();
      await page.waitForSelector('#quota:not([hidden])');
      await accessible();
      await picture(`results-${suffix}`);
    },
  );
});

it('shows no picture, script or font of another machine', async () => {
  const foreign: string[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'blob:' && url.protocol !== 'data:' && url.origin !== desk.desk.url) foreign.push(url.href);
  });
  await page.reload();
  await chooseInvoices('2026-133');
  await page.click('#start');
  await says('The document is signed.');
  expect(foreign).toEqual([]);
});

it('refuses requests from another site', async () => {
  const attack = join(folder, 'attack.html');
  await writeFile(
    attack,
    `<form method="post" enctype="multipart/form-data" action="${desk.desk.url}/api/sign"></form>`,
  );
  const { createServer } = await import('node:http');
  const other = createServer(async (_req, res) =>
    res.setHeader('Content-Type', 'text/html').end(await readFile(attack)),
  );
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  // Another name is another site, although it is the same machine.
  await page.goto(`http://localhost:${port}`);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/api/sign')),
    page.evaluate('document.forms[0].submit()'),
  ]);
  expect(answer.status()).toBe(403);
  expect(desk.sandbox.admin.counts().requests.sign).toBe(0);
  // The browser reports the refusal, and the attacker's missing icon, as errors: a closed page reports nothing more.
  await page.close();
  complaints = [];
  other.closeAllConnections();
  other.close();
});
