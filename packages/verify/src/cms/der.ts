import { VerificationProblem } from '../report.ts';

const MAX_DEPTH = 40;
const MAX_ELEMENTS = 200_000;

export function malformedCms(message: string): VerificationProblem {
  return new VerificationProblem('invalid', 'malformed-signature', message);
}

/** The complete length of the DER element at the start of `bytes`. */
export function derLength(bytes: Uint8Array): number {
  const { end } = readHeader(bytes, 0, bytes.length);
  return end;
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
  if (length === 0x80) throw malformedCms('The signature is BER with an indefinite length, not DER.');
  if (length > 0x80) {
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
  return { constructed: (tag & 0x20) !== 0, contentStart, end };
}
