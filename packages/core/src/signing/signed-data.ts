/** What a CMS SignedData (RFC 5652) says about the bytes that it signs. */
export interface SignedDataFacts {
  /** The signer's digest algorithm as the hexadecimal form of its DER object identifier. */
  readonly digestAlgorithm: string;
  /** The messageDigest attribute in hexadecimal. */
  readonly messageDigest: string;
}

export const sha256Identifier = '608648016503040201';
/** SHA-384 and SHA-512: sound, but not computed here. */
export const otherSha2Identifiers: ReadonlySet<string> = new Set(['608648016503040202', '608648016503040203']);
const signedDataIdentifier = '2a864886f70d010702';
const messageDigestIdentifier = '2a864886f70d010904';

/** Structures of a signature nest about ten levels deep; an answer made to exhaust the stack nests thousands. */
const maxDepth = 32;

interface Element {
  readonly tag: number;
  /** First byte of the value. */
  readonly start: number;
  /** End of the value. */
  readonly end: number;
  /** First byte after the element, end-of-contents octets included. */
  readonly next: number;
}

/**
 * Reads the first signer of a SignedData. Accepts BER's indefinite lengths, which some CMS libraries write.
 *
 * @returns Undefined if the bytes are not a SignedData with a signer and a messageDigest attribute.
 */
export function readSignedData(bytes: Uint8Array): SignedDataFacts | undefined {
  try {
    return readFacts(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The whole length of the element at the start, or undefined for an indefinite length. */
export function elementLength(head: Uint8Array): number | undefined {
  const first = head[1];
  if (first === undefined || first === 0x80) return undefined;
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  if (count > 4 || head.byteLength < 2 + count) return undefined;
  let length = 0;
  for (let at = 0; at < count; at++) length = length * 256 + (head[2 + at] as number);
  return 2 + count + length;
}

function readFacts(bytes: Uint8Array): SignedDataFacts | undefined {
  const [type, wrapped] = children(bytes, element(bytes, 0, bytes.byteLength));
  if (!type || !wrapped || hex(bytes, type) !== signedDataIdentifier) return undefined;
  const [signedData] = children(bytes, wrapped);
  if (signedData?.tag !== 0x30) return undefined;
  const signerInfos = children(bytes, signedData).at(-1);
  if (signerInfos?.tag !== 0x31) return undefined;
  const [signer] = children(bytes, signerInfos);
  if (signer?.tag !== 0x30) return undefined;
  const [, , algorithm, attributes] = children(bytes, signer);
  if (algorithm?.tag !== 0x30 || attributes?.tag !== 0xa0) return undefined;
  const [identifier] = children(bytes, algorithm);
  for (const attribute of children(bytes, attributes)) {
    const [name, values] = children(bytes, attribute);
    if (!name || !values || hex(bytes, name) !== messageDigestIdentifier) continue;
    const [digest] = children(bytes, values);
    if (digest?.tag === 0x04 && identifier) {
      return { digestAlgorithm: hex(bytes, identifier), messageDigest: hex(bytes, digest) };
    }
  }
  return undefined;
}

/** @throws RangeError if the element does not fit. */
function element(bytes: Uint8Array, at: number, limit: number, depth = 0): Element {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || at + 2 > limit || depth > maxDepth) throw new RangeError('cut off');
  // Tag numbers above 30 do not occur in a SignedData.
  if ((tag & 0x1f) === 0x1f) throw new RangeError('unexpected tag');
  if (first === 0x80) return indefinite(bytes, tag, at + 2, limit, depth);
  let start = at + 2;
  let length = first;
  if (first > 0x80) {
    const count = first & 0x7f;
    if (count > 4 || start + count > limit) throw new RangeError('unexpected length');
    length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + (bytes[start + index] as number);
    start += count;
  }
  const end = start + length;
  if (end > limit) throw new RangeError('cut off');
  return { tag, start, end, next: end };
}

function indefinite(bytes: Uint8Array, tag: number, start: number, limit: number, depth: number): Element {
  let at = start;
  while (!(bytes[at] === 0 && bytes[at + 1] === 0)) at = element(bytes, at, limit, depth + 1).next;
  return { tag, start, end: at, next: at + 2 };
}

function children(bytes: Uint8Array, { start, end }: Element): Element[] {
  const found: Element[] = [];
  for (let at = start; at < end; ) {
    const child = element(bytes, at, end);
    found.push(child);
    at = child.next;
  }
  return found;
}

function hex(bytes: Uint8Array, { start, end }: Element): string {
  let text = '';
  for (let at = start; at < Math.min(end, start + 64); at++)
    text += (bytes[at] as number).toString(16).padStart(2, '0');
  return text;
}
