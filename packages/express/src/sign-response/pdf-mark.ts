/** PDF readers accept the header anywhere within this many bytes. */
export const pdfMarkWithin = 1024;

/** Whether a body is a PDF, whatever its type says; undefined while there are too few bytes to tell. */
export function startsAsPdf(chunks: readonly Buffer[], ended: boolean): boolean | undefined {
  const start = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  if (start.subarray(0, pdfMarkWithin).includes('%PDF-')) return true;
  return ended || start.byteLength >= pdfMarkWithin ? false : undefined;
}
