/** A valid one-page PDF that shows `text`; different texts give different documents. */
export function simplePdf(text = 'Fatura FT 2026/1'): Buffer {
  return assemble(text, '');
}

/** A PDF whose trailer declares that it is encrypted. */
export function encryptedPdf(): Buffer {
  return assemble('secret', ' /Encrypt 5 0 R');
}

/** Several different PDFs by name: `0.pdf`, `1.pdf` … */
export function pdfs(count: number): { name: string; bytes: Buffer }[] {
  return Array.from({ length: count }, (_, index) => ({ name: `${index}.pdf`, bytes: simplePdf(`Fatura ${index}`) }));
}

function assemble(text: string, trailerEntries: string): Buffer {
  const shown = `BT /F1 18 Tf 72 720 Td (${text.replace(/[()\\]/g, '\\$&')}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${Buffer.byteLength(shown, 'latin1')} >>\nstream\n${shown}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const start = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}`;
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R${trailerEntries} >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(file, 'latin1');
}

/**
 * Whether a PDF is an original with one signature added that covers all of it. A signature is an incremental update, so the signed
 * file starts with the original's bytes: a byte lost or changed on the way shows.
 */
export function isSignedVersionOf(signed: Uint8Array, original: Uint8Array): boolean {
  const bytes = Buffer.from(signed.buffer, signed.byteOffset, signed.byteLength);
  const ranges = [...bytes.toString('latin1').matchAll(/\/ByteRange ?\[ ?0 +\d+ +(\d+) +(\d+) *\]/g)];
  const [, resume, after] = ranges[0] ?? [];
  return (
    ranges.length === 1 &&
    Number(resume) + Number(after) === bytes.byteLength &&
    bytes.subarray(0, original.byteLength).equals(original)
  );
}
