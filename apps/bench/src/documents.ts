import { createCipheriv } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const indexLength = 8;

const objects = [
  '<< /Type /Catalog /Pages 2 0 R >>',
  '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
  '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>',
];

/** The beginning of every document, and where its objects are. */
const { head, offsets } = objects.reduce(
  ({ head, offsets }, object, index) => ({
    head: `${head}${index + 1} 0 obj\n${object}\nendobj\n`,
    offsets: [...offsets, head.length],
  }),
  { head: '%PDF-1.7\n', offsets: [] as number[] },
);

/** The end of a PDF: cross-reference table and trailer, which begin at the given offset. */
const tail = (offset: number) =>
  [
    `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`,
    ...offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`),
    `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${offset}\n%%EOF\n`,
  ].join('');

/** Where the number of a document is written. All documents of one size are identical apart from these bytes. */
export const indexOffset = (bytes: number): number => bytes - tail(bytes).length - indexLength - 1;

export const indexText = (index: number): string => index.toString(16).padStart(indexLength, '0');

/** Writes PDFs of exactly the given size that differ only in their number. Returns their paths. */
export function makeDocuments(folder: string, count: number, bytes: number): string[] {
  mkdirSync(folder, { recursive: true });
  const content = Buffer.alloc(bytes);
  // The same pseudo-random text in every process, as a comment: does not compress and contains no line break.
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  content.write(cipher.update(Buffer.alloc(bytes)).toString('base64url').slice(0, bytes), 'latin1');
  content.write(`${head}%`, 'latin1');
  const offset = indexOffset(bytes);
  content.write(`${tail(offset + indexLength + 1)}`, offset + indexLength + 1, 'latin1');
  content[offset + indexLength] = 0x0a;
  return Array.from({ length: count }, (_, index) => {
    content.write(indexText(index), offset, 'latin1');
    const path = join(folder, `${index}.pdf`);
    writeFileSync(path, content);
    return path;
  });
}
