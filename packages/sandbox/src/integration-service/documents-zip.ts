import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

export interface ZipEntry {
  reference: string;
  name: string;
  content: Uint8Array;
}

/** Streams a zip the way Java's ZipOutputStream does: deflated, sizes after the data, total length not known ahead. */
export function documentsZip(entries: ZipEntry[]): NodeJS.ReadableStream {
  const zip = new ZipFile();
  for (const { reference, name, content } of entries) {
    zip.addReadStreamLazy(entryName(reference, name), { compressionLevel: 1 }, (give) =>
      give(null, Readable.from([content])),
    );
  }
  zip.end();
  return zip.outputStream;
}

/** `<externalReference>.<documentName>`, kept from leaving the folder it is unpacked to. */
function entryName(reference: string, name: string): string {
  return `${reference}.${name}`.replace(/^[/\\]+|\\|(?<=^|\/)\.\.(?=\/|$)/g, '_');
}
