import { pipeline } from 'node:stream/promises';
import type { SignedDocument } from '@signstash-connect/core';
import { create as contentDisposition } from 'content-disposition';
import type { Response } from 'express';
import yazl from 'yazl';
import { sealedResponses } from '../sealed-responses.ts';

/** Answers one document as a PDF, several as a zip of PDFs. */
export async function answerSealed(res: Response, documents: readonly SignedDocument[]): Promise<void> {
  sealedResponses.add(res);
  const [first, ...others] = documents;
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Cache-Control', 'no-store');
  if (first && others.length === 0) {
    res.setHeader('Content-Disposition', contentDisposition(first.name));
    res.setHeader('Content-Type', 'application/pdf');
    res.setHeader('Content-Length', first.content.byteLength);
    res.end(first.content);
    return;
  }
  res.setHeader('Content-Disposition', contentDisposition('sealed.zip'));
  res.setHeader('Content-Type', 'application/zip');
  const zip = new yazl.ZipFile();
  const names = new Set<string>();
  for (const { name, content } of documents) {
    // PDFs are compressed inside: doing it again costs time and saves nothing.
    zip.addBuffer(Buffer.from(content.buffer, content.byteOffset, content.byteLength), freeName(name, names), {
      compress: false,
    });
  }
  zip.end();
  await pipeline(zip.outputStream, res);
}

/** `invoice.pdf`, then `invoice (2).pdf`: in a zip one name must not hide another. */
function freeName(name: string, taken: Set<string>): string {
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  let free = name;
  for (let number = 2; taken.has(free.toLowerCase()); number++) free = `${stem} (${number})${extension}`;
  taken.add(free.toLowerCase());
  return free;
}
