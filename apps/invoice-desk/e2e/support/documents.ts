import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PDFDocument, rgb, StandardFonts } from '@cantoo/pdf-lib';

const fixtures = new URL('../../../../packages/sandbox/test/fixtures/', import.meta.url);

/** Real invoices of several producers. */
export const fixturePath = (name: string): string => fileURLToPath(new URL(name, fixtures));
export const fixture = (name: string): Promise<Buffer> => readFile(fixturePath(name));

const ink = rgb(0.13, 0.16, 0.18);
const soft = rgb(0.42, 0.46, 0.48);
const accent = rgb(0.06, 0.46, 0.43);

/** An invoice of an invented company, of any size. */
export async function invoice(number: string, { pages = 2, padding = 0 } = {}): Promise<Uint8Array> {
  const pdf = await PDFDocument.create();
  // The same number makes the same bytes, at any time.
  pdf.setCreationDate(new Date(Date.UTC(2026, 10, 24)));
  pdf.setModificationDate(new Date(Date.UTC(2026, 10, 24)));
  const [plain, bold] = [
    await pdf.embedFont(StandardFonts.Helvetica),
    await pdf.embedFont(StandardFonts.HelveticaBold),
  ];
  for (let page = 1; page <= pages; page++) {
    const sheet = pdf.addPage([595, 842]);
    const write = (text: string, x: number, y: number, size = 10, font = plain, color = ink) =>
      sheet.drawText(text, { x, y, size, font, color });
    sheet.drawRectangle({ x: 0, y: 812, width: 595, height: 30, color: accent });
    write('Padaria Aurora, Lda.', 50, 760, 20, bold);
    write('Rua do Exemplo 12, 1000-001 Lisboa · NIF 500 000 000', 50, 742, 9, plain, soft);
    write(`Fatura ${number}`, 400, 760, 16, bold, accent);
    write('24 de novembro de 2026', 400, 742, 9, plain, soft);
    write('Cliente', 50, 695, 9, plain, soft);
    write('Café Central, Lda. · NIF 501 111 111', 50, 680, 11);
    ['Descrição', 'Qtd.', 'Preço', 'Total'].forEach((text, column) => {
      write(text, [50, 340, 410, 490][column]!, 635, 9, bold, soft);
    });
    for (let row = 0; row < 9; row++) {
      const y = 610 - row * 26;
      sheet.drawLine({
        start: { x: 50, y: y + 17 },
        end: { x: 545, y: y + 17 },
        thickness: 0.5,
        color: rgb(0.87, 0.89, 0.88),
      });
      write(['Pão de centeio', 'Croissant', 'Bolo de mel', 'Pastel de nata'][row % 4]!, 50, y);
      write(`${(row + 2) * 5}`, 340, y);
      write(`${((row + 1) * 0.35 + 0.4).toFixed(2)} €`.replace('.', ','), 410, y);
      write(`${(((row + 1) * 0.35 + 0.4) * (row + 2) * 5).toFixed(2)} €`.replace('.', ','), 490, y);
    }
    write('Total com IVA', 380, 350, 11, bold);
    write('1 284,60 €', 485, 350, 11, bold);
    write(`Página ${page} de ${pages}`, 50, 30, 8, plain, soft);
  }
  if (padding > 0) await pdf.attach(incompressible(padding), 'anexo.bin');
  return pdf.save({ useObjectStreams: false });
}

/** Bytes that a PDF library cannot make smaller, the same each time. */
function incompressible(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = 0x9e3779b9;
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}
