import { open } from 'node:fs/promises';

/** How far from its end a PDF may have its end marker (ISO 32000-1, annex H.3). Bytes. */
const tailBytes = 1024;

/**
 * Whether a file looks as if its writer had finished: a PDF has an end marker, an XML document ends with a tag, and no file is empty.
 * Of other files nothing can be said.
 */
export async function looksComplete(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size === 0) return false;
    const head = await read(file, 0, Math.min(size, tailBytes));
    const tail = await read(file, Math.max(0, size - tailBytes), Math.min(size, tailBytes));
    if (head.includes('%PDF-')) return tail.includes('%%EOF');
    if (/^(\u00ef\u00bb\u00bf)?\s*</.test(head)) return /(^|>)[\s\0]*$/.test(tail);
    return true;
  } finally {
    await file.close();
  }
}

async function read(file: Awaited<ReturnType<typeof open>>, position: number, length: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.toString('latin1', 0, bytesRead);
}
