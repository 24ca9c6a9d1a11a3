import type { SignatureType } from '../api/wire.ts';
import { findPdfSignature } from './pdf-signature.ts';
import type { Platform, StreamingHash } from './platform.ts';
import { otherSha2Identifiers, readSignedData, type SignedDataFacts, sha256Identifier } from './signed-data.ts';
import { XmlSignatureFinder } from './xml-signature.ts';

/** What was sent of a document, as far as its signed content is compared with it. */
export interface SentContent {
  /** Bytes. */
  readonly size: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
  /** The last few bytes, used to find the positions in a content where comparing digests is worthwhile. */
  readonly tail: Uint8Array;
}

/** Bytes of {@link SentContent.tail}. */
export const sentTailBytes = 32;

/** How much of a content's end is kept for the signature: more than one signature adds, images included. Bytes. */
const windowBytes = 4 * 1024 * 1024;
const firstBufferBytes = 128 * 1024;
/** PDF readers accept a header within the first 1,024 bytes. */
const headBytes = 1024;

/** What was found out about a content while it arrived, before it was known to which document it belongs. */
export interface ContentFindings {
  readonly size: number;
  readonly head: Uint8Array;
  /** True if the content exceeded its limit and the rest was dropped. */
  readonly cut: boolean;
  /** SHA-256 of the first bytes, by their number, wherever something that was sent may end. */
  readonly prefixes: ReadonlyMap<number, string>;
  /** The lengths at which a complete PDF file ends: what follows is an incremental update. */
  readonly pdfEnds: ReadonlySet<number>;
  /** What is wrong with the PDF signature; undefined if nothing is. */
  readonly pdfProblem: string | undefined;
  /** The signature uses a digest that is not computed here, so that only its structure was checked. */
  readonly pdfDigestUnchecked: boolean;
  /** Where the last PDF signature begins. */
  readonly pdfGapStart: number;
  readonly xmlProblem: string | undefined;
  /** The CMS SignedData that the content is; `unread` if it is too large to be read as a whole. */
  readonly signedData: SignedDataFacts | 'unread' | undefined;
}

/** Memory that one content after the other uses. */
export interface InspectorContext {
  readonly platform: Platform;
  readonly sent: readonly SentContent[];
  readonly types: ReadonlySet<SignatureType>;
  buffer: Uint8Array;
}

interface PdfFindings {
  readonly problem: string | undefined;
  readonly gapStart: number;
  readonly unchecked?: boolean;
}

/** Hashes a content as it arrives and keeps its end, where the signature is, so that nothing has to be read twice. */
export class ContentInspector {
  readonly #context: InspectorContext;
  readonly #hash: StreamingHash;
  readonly #prefixes = new Map<number, string>();
  readonly #pdfEnds = new Set<number>();
  readonly #xml: XmlSignatureFinder | undefined;
  #buffer: Uint8Array;
  #filled = 0;
  /** Position of the buffer's first byte in the content. */
  #start = 0;
  /** Bytes that have been hashed. */
  #hashed = 0;
  /** Index of the first entry of `sent` that lies ahead; they are sorted by size. */
  #next = 0;
  #head = new Uint8Array(0);

  constructor(context: InspectorContext) {
    this.#context = context;
    this.#hash = context.platform.createSha256();
    this.#xml = context.types.has('XAdES') ? new XmlSignatureFinder() : undefined;
    // Taken away, in case two contents arrive at once.
    this.#buffer = context.buffer.byteLength > 0 ? context.buffer : new Uint8Array(firstBufferBytes);
    context.buffer = new Uint8Array(0);
  }

  take(chunk: Uint8Array): void {
    this.#xml?.take(chunk);
    for (let at = 0; at < chunk.byteLength; ) {
      if (this.#filled === this.#buffer.byteLength) this.#makeRoom();
      const part = chunk.subarray(at, at + this.#buffer.byteLength - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.byteLength;
      at += part.byteLength;
    }
  }

  finish(cut: boolean): ContentFindings {
    this.#keepHead();
    const size = this.#start + this.#filled;
    const { types } = this.#context;
    const {
      problem,
      gapStart,
      unchecked = false,
    }: PdfFindings = types.has('PAdES') ? this.#checkPdf(size) : { problem: undefined, gapStart: size };
    this.#hashTo(size);
    const findings = {
      size,
      head: this.#head,
      cut,
      prefixes: this.#prefixes,
      pdfEnds: this.#pdfEnds,
      pdfProblem: problem,
      pdfDigestUnchecked: unchecked,
      pdfGapStart: gapStart,
      xmlProblem: this.#xml?.finish(),
      signedData: types.has('CAdES') ? this.#signedData() : undefined,
    };
    this.release();
    return findings;
  }

  /** Hands the memory to the next content. */
  release(): void {
    if (this.#buffer.byteLength > 0) this.#context.buffer = this.#buffer;
    this.#buffer = new Uint8Array(0);
  }

  /** The digest of both signed ranges needs no second pass: it branches off where the first range ends. */
  #checkPdf(size: number): PdfFindings {
    const found = findPdfSignature(this.#buffer.subarray(0, this.#filled), size);
    if ('problem' in found) return { problem: found.problem, gapStart: size };
    const { gapStart, gapEnd, signedData } = found.signature;
    if (otherSha2Identifiers.has(signedData.digestAlgorithm)) return { problem: undefined, unchecked: true, gapStart };
    if (signedData.digestAlgorithm !== sha256Identifier) {
      return { problem: 'its digest algorithm is none of SHA-256, SHA-384 and SHA-512', gapStart };
    }
    this.#hashTo(gapStart);
    const ranges = this.#hash.copy();
    ranges.update(this.#buffer.subarray(gapEnd - this.#start, this.#filled));
    const intact = ranges.hex() === signedData.messageDigest;
    return { problem: intact ? undefined : 'its bytes do not match the digest in its signature', gapStart };
  }

  #signedData(): SignedDataFacts | 'unread' | undefined {
    if (this.#head[0] !== 0x30) return undefined;
    return this.#start > 0 ? 'unread' : readSignedData(this.#buffer.subarray(0, this.#filled));
  }

  #makeRoom(): void {
    this.#keepHead();
    if (this.#buffer.byteLength < 2 * windowBytes) {
      const larger = new Uint8Array(Math.min(2 * windowBytes, 2 * this.#buffer.byteLength));
      larger.set(this.#buffer);
      this.#buffer = larger;
      return;
    }
    const drop = this.#filled - windowBytes;
    this.#hashTo(this.#start + drop);
    this.#buffer.copyWithin(0, drop, this.#filled);
    this.#start += drop;
    this.#filled = windowBytes;
  }

  #keepHead(): void {
    if (this.#start === 0) this.#head = this.#buffer.slice(0, Math.min(headBytes, this.#filled));
  }

  /** Hashes up to a position; on the way it takes the digest wherever the end of a sent document is recognised. */
  #hashTo(end: number): void {
    const { sent } = this.#context;
    for (let next = sent[this.#next]; next && next.size <= end; next = sent[++this.#next]) {
      const at = next.size - this.#start;
      if (endsPdf(this.#buffer, at)) this.#pdfEnds.add(next.size);
      if (this.#prefixes.has(next.size) || !endsWith(this.#buffer, at, next.tail)) continue;
      this.#update(next.size);
      this.#prefixes.set(next.size, this.#hash.copy().hex());
    }
    this.#update(end);
  }

  #update(end: number): void {
    if (end > this.#hashed) this.#hash.update(this.#buffer.subarray(this.#hashed - this.#start, end - this.#start));
    this.#hashed = Math.max(this.#hashed, end);
  }
}

/** Compares as much of the tail as is still in memory. */
function endsWith(bytes: Uint8Array, end: number, tail: Uint8Array): boolean {
  const length = Math.min(tail.byteLength, end);
  for (let back = 1; back <= length; back++) if (bytes[end - back] !== tail[tail.byteLength - back]) return false;
  return true;
}

const endOfFile = [0x46, 0x4f, 0x45, 0x25, 0x25];

/** Whether `%%EOF`, with or without a line end, comes right before. */
function endsPdf(bytes: Uint8Array, end: number): boolean {
  let at = end - 1;
  while (at >= 0 && end - at <= 4 && (bytes[at] === 0x0a || bytes[at] === 0x0d)) at--;
  return endOfFile.every((byte, index) => bytes[at - index] === byte);
}
