/** What the central directory says about one file of a zip. */
export interface DirectoryEntry {
  name: string;
  /** Bytes, unpacked. */
  size: number;
  crc32: number;
}

/** How much of a zip's end is kept for its central directory: 99 entries with the longest references and names. Bytes. */
export const zipTailBytes = 256 * 1024;

/** The longest comment at the end of a zip, and the record before it. Bytes. */
const endRecordBytes = 22;
const maxCommentBytes = 0xffff;

/**
 * Reads the central directory.
 *
 * @param tail - The zip's end.
 * @returns Undefined if the zip has no complete central directory, so that it ended early.
 */
export function readCentralDirectory(tail: Uint8Array): DirectoryEntry[] | undefined {
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const end = findEndRecord(view);
  if (end === undefined) return undefined;
  const count = view.getUint16(end + 10, true);
  let at = end - view.getUint32(end + 12, true);
  const entries: DirectoryEntry[] = [];
  while (entries.length < count) {
    if (at < 0 || at + 46 > end || view.getUint32(at, true) !== 0x02014b50) return undefined;
    const nameEnd = at + 46 + view.getUint16(at + 28, true);
    const next = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) return undefined;
    // Bit 11: the name is UTF-8.
    const encoding = view.getUint16(at + 8, true) & 0x800 ? 'utf-8' : 'latin1';
    entries.push({
      name: decodeName(tail.subarray(at + 46, nameEnd), encoding),
      size: view.getUint32(at + 24, true),
      crc32: view.getUint32(at + 16, true),
    });
    at = next;
  }
  return at === end ? entries : undefined;
}

function findEndRecord(view: DataView): number | undefined {
  const last = view.byteLength - endRecordBytes;
  for (let at = last; at >= Math.max(0, last - maxCommentBytes); at--) {
    const isEnd = view.getUint32(at, true) === 0x06054b50;
    if (isEnd && at + endRecordBytes + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return undefined;
}

/** One character for each byte, unless it is UTF-8: as the unpacker does. */
function decodeName(bytes: Uint8Array, encoding: 'utf-8' | 'latin1'): string {
  return encoding === 'utf-8' ? new TextDecoder().decode(bytes) : String.fromCharCode(...bytes);
}

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 as in zip files; pass the result for one chunk as `before` to the next. */
export function crc32(chunk: Uint8Array, before = 0): number {
  let crc = ~before;
  for (let at = 0; at < chunk.byteLength; at++) {
    crc = (crc >>> 8) ^ (table[(crc ^ (chunk[at] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}
