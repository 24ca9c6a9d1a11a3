export interface EmbeddedSignature {
  /** The CMS as it stands in /Contents, without the zeros that fill it up. */
  cms: Buffer;
  /** The bytes /ByteRange says are covered. */
  covered: Buffer;
  /** Where the covered bytes end in the file. */
  end: number;
}

/** Cuts the signatures out of a PDF, in the order of the file. */
export function embeddedSignatures(pdf: Buffer): EmbeddedSignature[] {
  const ranges = pdf.toString('latin1').matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g);
  return Array.from(ranges, (match) => {
    const [start, length, restart, rest] = match.slice(1).map(Number) as [number, number, number, number];
    const contents = pdf.subarray(start + length + 1, restart - 1);
    const padded = Buffer.from(contents.toString('latin1'), 'hex');
    return {
      cms: padded.subarray(0, derLength(padded)),
      covered: Buffer.concat([pdf.subarray(start, start + length), pdf.subarray(restart, restart + rest)]),
      end: restart + rest,
    };
  });
}

function derLength(der: Buffer): number {
  const first = der[1]!;
  if (first < 0x80) return 2 + first;
  return 2 + (first & 0x7f) + der.readUIntBE(2, first & 0x7f);
}
