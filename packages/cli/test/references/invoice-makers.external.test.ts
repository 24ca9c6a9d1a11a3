import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram, temporaryFolder } from '@signstash-connect/testing';
import { PDFDocument } from 'pdf-lib';
import { expect, it } from 'vitest';
import { readInvoiceIdentity } from '../../src/references/invoice-identity.ts';
import { qrSvg, qrText } from './invoices.ts';

const identity = { issuer: '599999993', atcud: 'CSDF7T5H-35' };

it('reads an invoice that Chromium printed, and its scan', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder, name);
  const svg = await qrSvg(qrText(identity.issuer, identity.atcud));
  const rows = '<tr><td>Pão de centeio<td>40<td>48,00 €'.repeat(20);
  const style = 'table { border-collapse: collapse; width: 100% } td { border: 1px solid #999; background: #eee }';
  const body = `<h1>Fatura</h1><p>NIF 500000000<table>${rows}</table><p>ATCUD: ${identity.atcud}<p>${svg}`;
  writeFileSync(path('a.html'), `<!doctype html><meta charset="utf-8"><style>${style}</style>${body}`);
  const print = ['--headless', '--no-sandbox', '--disable-gpu', `--print-to-pdf=${path('a.pdf')}`, path('a.html')];
  expect((await runProgram(process.env.CHROMIUM ?? 'chromium', print)).exitCode).toBe(0);
  // The text shows the customer's tax number only: the issuer's comes from the QR code, which Chromium draws as shapes.
  expect(await readInvoiceIdentity(readFileSync(path('a.pdf')), 'a.pdf')).toEqual(identity);

  await runProgram('pdftoppm', ['-jpeg', '-gray', '-r', '150', '-singlefile', path('a.pdf'), path('scan')]);
  const scan = await PDFDocument.create();
  const image = await scan.embedJpg(readFileSync(path('scan.jpg')));
  scan.addPage([595, 842]).drawImage(image, { x: 0, y: 0, width: 595, height: 842 });
  expect(await readInvoiceIdentity(await scan.save(), 'scan.pdf')).toEqual(identity);
});
