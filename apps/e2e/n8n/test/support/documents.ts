import { PDFDocument } from '@cantoo/pdf-lib';
import type { TestFile } from './workflow.ts';

/** A small invoice; its number makes its content unique. */
export async function invoice(number: number | string): Promise<TestFile> {
  const pdf = await PDFDocument.create();
  const page = pdf.addPage([595, 842]);
  page.drawText(`Invoice ${number}`, { x: 60, y: 760, size: 20 });
  page.drawText('#seal#', { x: 60, y: 120, size: 8 });
  pdf.setTitle(`Invoice ${number}`);
  return { name: `invoice-${number}.pdf`, mimeType: 'application/pdf', bytes: await pdf.save() };
}

export const invoices = (count: number, first = 1): Promise<TestFile[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => invoice(first + index)));
