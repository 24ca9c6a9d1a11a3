/**
 * What the sink answers for a document: as many bytes as it was told, beginning with the document's reference, so that a client
 * that mixes up its documents is found out.
 */
export function sealedContent(reference: string, bytes: number): Buffer {
  const head = Buffer.from(`%PDF-1.7 ${reference}\n`);
  const content = Buffer.alloc(bytes, 'not sealed, only measured ');
  head.copy(content);
  return content;
}

/** Where {@link sealedContents} cuts: more than a reference has, and a multiple of 3, so that both parts are base64 of their own. */
const headBytes = 384;

/** The same in base64, for one reference after another: only the first bytes are encoded anew. */
export function sealedContents(bytes: number): (reference: string) => [head: string, rest: Buffer] {
  const rest = Buffer.from(sealedContent('', bytes).subarray(headBytes).toString('base64'));
  return (reference) => [sealedContent(reference, Math.min(headBytes, bytes)).toString('base64'), rest];
}
