import { randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Makes files that are PDFs as far as a client can see, of a given size, each different. */
export function makeDocuments(folder: string, count: number, bytes: number): string[] {
  mkdirSync(folder, { recursive: true });
  const content = Buffer.alloc(bytes);
  randomFillSync(content);
  const tail = '\ntrailer\n<< /Size 1 >>\nstartxref\n0\n%%EOF\n';
  content.write('%PDF-1.7\n', 0, 'latin1');
  content.write(tail, bytes - tail.length, 'latin1');
  return Array.from({ length: count }, (_, index) => {
    content.writeUInt32LE(index, 16);
    const path = join(folder, `${index}.pdf`);
    const file = openSync(path, 'w');
    writeSync(file, content);
    closeSync(file);
    return path;
  });
}
