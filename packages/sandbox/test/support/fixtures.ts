import { readFile } from 'node:fs/promises';

/** A file of `test/fixtures`; see its README for what each is there for. */
export function fixture(name: string): Promise<Buffer> {
  return readFile(fixturePath(name));
}

export function fixturePath(name: string): string {
  return new URL(`../fixtures/${name}`, import.meta.url).pathname;
}

/** Every PDF that can be signed. */
export const SIGNABLE_PDFS = [
  'chromium.pdf',
  'libreoffice.pdf',
  'cairo.pdf',
  'pdf-lib.pdf',
  'rotated.pdf',
  'signature-field.pdf',
  'xref-stream.pdf',
  'linearized.pdf',
  'linearized-table.pdf',
  'hybrid.pdf',
] as const;
