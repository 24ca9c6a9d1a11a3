import type { ContentStore } from './signed-content-reader.ts';

/** One file of the zip of an operation's documents. */
export interface ZipDocument<T> {
  /** `<externalReference>.<documentName>` (API reference, section 4); any path before it. */
  entryName: string;
  content: T;
}

/**
 * Unpacks the zip as it arrives, each entry to its own writer, so that memory does not grow with the archive. Every entry is
 * compared with the central directory at the zip's end: name, size and CRC-32.
 *
 * @throws {@link ProtocolError} `PROTOCOL_UNEXPECTED` if it is not a zip, `PROTOCOL_TRUNCATED` if it is damaged or ends early.
 */
export async function readZip<T>(body: AsyncIterable<Uint8Array>, store: ContentStore<T>): Promise<ZipDocument<T>[]> {
  // Loaded on first use: most programs never read a zip.
  const { unpackZip } = await import('./unpack-zip.ts');
  return unpackZip(body, store);
}

/**
 * Finds the document of an entry: `<reference>.<name>`, with or without a folder before it; `<reference>/<name>`; or the name
 * alone, if only one document has it. The longest reference decides: one may be the beginning of another.
 */
export function matchZipEntry<D extends { reference: string; name?: string }>(
  entryName: string,
  documents: readonly D[],
): { document: D | undefined; name: string } {
  const path = entryName.split(/[/\\]/);
  const base = safeFileName(path.at(-1) ?? '');
  const folder = path.at(-2);
  const byLength = [...documents].sort((a, b) => b.reference.length - a.reference.length);
  const prefixed = byLength.find(({ reference }) => base.startsWith(`${reference}.`));
  if (prefixed) return { document: prefixed, name: base.slice(prefixed.reference.length + 1) || base };
  const inFolder = byLength.find(({ reference }) => folder === reference);
  if (inFolder) return { document: inFolder, name: base };
  const named = documents.filter(({ name, reference }) => base === name || base === reference);
  return { document: named.length === 1 ? named[0] : undefined, name: base };
}

/** A name that cannot leave the folder it is written to. */
function safeFileName(name: string): string {
  // Control characters and what Windows takes for a drive or a stream; a reference may hold colons, so they stay before a dot.
  const clean = Array.from(name, (character) => (character < ' ' || character === '\u007f' ? '_' : character)).join('');
  return clean === '' || clean === '.' || clean === '..' ? 'document' : clean;
}
