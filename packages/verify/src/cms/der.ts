import { VerificationProblem } from '../report.ts';

const MAX_DEPTH = 40;
const MAX_ELEMENTS = 200_000;
const CONSTRUCTED = 0x20;
/** The length octet that stands for "up to the end-of-contents octets". */
const INDEFINITE = 0x80;

export function malformedCms(message: string): VerificationProblem {
  return new VerificationProblem('invalid', 'malformed-signature', message);
}

/** The element at the start of `bytes`, with definite lengths, and where it ends. */
interface FirstElement {
  der: Buffer;
  end: number;
  /** Some length in it was indefinite. */
  changed: boolean;
}

/**
 * Reads the element at the start of `bytes`. Indefinite lengths, which NSS (LibreOffice, Poppler) and streaming signers
 * write, become definite ones; everything else stays as it was, so that what was signed does too.
 */
export function readFirstElement(bytes: Uint8Array): FirstElement {
  let elements = 0;
  const read = (at: number, limit: number, depth: number): FirstElement => {
    if (depth > MAX_DEPTH || ++elements > MAX_ELEMENTS) throw malformedCms('The DER of the signature is too complex.');
    const isIndefinite = bytes[at + 1] === INDEFINITE && at + 2 <= limit;
    if (isIndefinite && !(bytes[at]! & CONSTRUCTED)) throw malformedCms('The BER of the signature is malformed.');
    const header = isIndefinite ? { contentStart: at + 2, end: limit } : readHeader(bytes, at, limit);
    const original = Buffer.from(bytes.buffer, bytes.byteOffset + at, header.end - at);
    if (!(bytes[at]! & CONSTRUCTED)) return { der: original, end: header.end, changed: false };
    const parts: Buffer[] = [];
    let position = header.contentStart;
    let changed = isIndefinite;
    const atEnd = () => (isIndefinite ? bytes[position] === 0 && bytes[position + 1] === 0 : position === header.end);
    while (!atEnd()) {
      const child = read(position, header.end, depth + 1);
      changed ||= child.changed;
      parts.push(child.der);
      position = child.end;
    }
    if (isIndefinite && position + 2 > limit) throw malformedCms('The BER of the signature is cut short.');
    const end = isIndefinite ? position + 2 : header.end;
    return { der: changed ? encode(bytes[at]!, Buffer.concat(parts)) : original, end, changed };
  };
  return read(0, bytes.length, 0);
}

function encode(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < INDEFINITE) return Buffer.concat([Buffer.from([tag, length]), content]);
  const digits = Buffer.from(length.toString(16).padStart(8, '0'), 'hex');
  const first = digits.findIndex((byte) => byte !== 0);
  return Buffer.concat([Buffer.from([tag, INDEFINITE | (digits.length - first)]), digits.subarray(first), content]);
}

/**
 * Checks that `bytes` is one well-formed element with definite lengths, before a more forgiving parser sees it. Lengths
 * may be longer than needed, as some signers write them.
 */
export function assertWellFormed(bytes: Uint8Array, what: string): void {
  let elements = 0;
  const walk = (start: number, end: number, depth: number): void => {
    if (depth > MAX_DEPTH) throw malformedCms(`The ${what} is nested too deeply.`);
    for (let at = start; at < end; ) {
      elements++;
      if (elements > MAX_ELEMENTS) throw malformedCms(`The ${what} has too many elements.`);
      const header = readHeader(bytes, at, end);
      if (header.constructed) walk(header.contentStart, header.end, depth + 1);
      at = header.end;
    }
  };
  try {
    if (readHeader(bytes, 0, bytes.length).end !== bytes.length)
      throw malformedCms(`The ${what} is followed by other data.`);
    walk(0, bytes.length, 0);
  } catch (error) {
    if (error instanceof RangeError) throw malformedCms(`The ${what} is not well-formed DER.`);
    throw error;
  }
}

function readHeader(bytes: Uint8Array, at: number, limit: number) {
  const tag = bytes[at];
  let length = bytes[at + 1];
  if (tag === undefined || length === undefined || at + 2 > limit)
    throw malformedCms('The DER of the signature is cut short.');
  if ((tag & 0x1f) === 0x1f) throw malformedCms('The DER of the signature uses an unknown tag.');
  let contentStart = at + 2;
  if (length === INDEFINITE) throw malformedCms('A part of the signature is BER with an indefinite length, not DER.');
  if (length > INDEFINITE) {
    const count = length & 0x7f;
    if (count > 4) throw malformedCms('The DER of the signature has an impossible length.');
    length = 0;
    for (let index = 0; index < count; index++) {
      const byte = bytes[contentStart + index];
      if (byte === undefined) throw malformedCms('The DER of the signature is cut short.');
      length = length * 256 + byte;
    }
    contentStart += count;
  }
  const end = contentStart + length;
  if (end > limit) throw malformedCms('The DER of the signature is cut short.');
  return { constructed: (tag & CONSTRUCTED) !== 0, contentStart, end };
}
