import { randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Makes files that are PDFs as far as a client can see, of a given size, each different. */
export function makeDocuments(folder: string, count: number, bytes: number): string[] {
  mkdirSync(folder, { recursive: true });
  const content = Buffer.alloc(bytes);
  randomFillSync(content);
  content.write('%PDF-1.7\n', 0, 'latin1');
  // A cross-reference table where a PDF has it, since the client looks there.
  const tail = (offset: number) =>
    `xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 >>\nstartxref\n${offset}\n%%EOF\n`;
  const offset = bytes - tail(bytes).length;
  content.write(tail(offset).padEnd(bytes - offset, '\n'), offset, 'latin1');
  return Array.from({ length: count }, (_, index) => {
    content.writeUInt32LE(index, 16);
    const path = join(folder, `${index}.pdf`);
    const file = openSync(path, 'w');
    writeSync(file, content);
    closeSync(file);
    return path;
  });
}
