import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';

/** Bytes encoded at a time; a multiple of 3, so that the base64 of the pieces joins without padding in between. */
const pieceBytes = 3 * 64 * 1024;

/** A JSON answer of known length that is written piece by piece. */
export interface StreamedJson {
  byteLength: number;
  stream: Readable;
  /** The same JSON with a placeholder for each content. */
  outline: string;
}

/**
 * Writes JSON that holds contents as base64 without building it as one string.
 * @param build makes the value; it hands every content to `slot` and puts what it gets in the content's place.
 */
export function streamJson(build: (slot: (content: Uint8Array) => string) => unknown): StreamedJson {
  const marker = randomUUID();
  const contents: Uint8Array[] = [];
  const text = JSON.stringify(build((content) => `${marker}${contents.push(content) - 1}${marker}`));
  // Split by marker, every second part is the index of a content.
  const parts = text.split(marker).map((part, index) => (index % 2 ? contents[Number(part)]! : Buffer.from(part)));
  return {
    byteLength: parts.reduce((sum, part, index) => sum + writtenLength(part, index), 0),
    stream: Readable.from(pieces(parts)),
    outline: text,
  };
}

function writtenLength(part: Uint8Array, index: number): number {
  return index % 2 ? 4 * Math.ceil(part.length / 3) : part.length;
}

function* pieces(parts: Uint8Array[]): Generator<Buffer> {
  for (const [index, part] of parts.entries()) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    if (index % 2 === 0) yield bytes;
    else for (let at = 0; at < bytes.length; at += pieceBytes) yield base64(bytes.subarray(at, at + pieceBytes));
  }
}

function base64(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('base64'), 'latin1');
}
