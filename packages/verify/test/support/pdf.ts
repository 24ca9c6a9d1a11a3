import type { Identity } from './authority.ts';
import { type CmsRequest, signCms, timestamp } from './cms.ts';

const ROOM_BYTES = 8192;
const WIDE_NUMBER = '9999999999';
const PLACEHOLDER = `[0 ${WIDE_NUMBER} ${WIDE_NUMBER} ${WIDE_NUMBER}]`;

/** A PDF of one page with a form that has one text field, and plain cross-reference tables. */
export function makePdf(text = 'Total: 100.00 EUR', options: UpdateOptions = {}): Buffer {
  const content = `BT /F1 12 Tf 72 720 Td (${text}) Tj ET`;
  const objects = {
    1: '<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>',
    2: '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    3: '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> /Annots [7 0 R] >>',
    4: `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    5: '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    6: '<< /Fields [7 0 R] >>',
    7: '<< /Type /Annot /Subtype /Widget /FT /Tx /T (note) /V (old) /Rect [10 10 100 30] /P 3 0 R >>',
  };
  return appendUpdate(Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'), objects, options);
}

export interface UpdateOptions {
  /** More entries of the trailer. */
  trailer?: string;
  /** Instead of the newest section so far. */
  prev?: number | null;
  /** Cross-reference offsets of objects that this update does not write. */
  entries?: Record<number, number>;
  /** Encrypts an object before it is written. */
  encrypt?: (object: string) => string;
  /** Free entries. */
  free?: number[];
}

/** Appends objects as an incremental update with a cross-reference table. */
export function appendUpdate(pdf: Buffer, objects: Record<number, string>, options: UpdateOptions = {}): Buffer {
  const { body, offsets } = writeObjects(pdf, objects, options);
  const previous = /startxref\s+(\d+)\s+%%EOF\s*$/.exec(pdf.subarray(-64).toString('latin1'))?.[1];
  const prev = options.prev === undefined ? previous : options.prev;
  const table = ['xref'];
  if (!previous) table.push('0 1', '0000000000 65535 f ');
  for (const [number, offset] of offsets) table.push(`${number} 1`, `${String(offset).padStart(10, '0')} 00000 n `);
  for (const number of options.free ?? []) table.push(`${number} 1`, '0000000000 00001 f ');
  const size = Math.max(50, ...offsets.keys()) + 1;
  const trailer = `trailer\n<< /Size ${size} /Root 1 0 R ${prev ? `/Prev ${prev}` : ''} ${options.trailer ?? ''} >>`;
  const start = pdf.length + body.length;
  return Buffer.concat([
    pdf,
    body,
    Buffer.from(`${table.join('\n')}\n${trailer}\nstartxref\n${start}\n%%EOF\n`, 'latin1'),
  ]);
}

function writeObjects(pdf: Buffer, objects: Record<number, string>, { entries = {}, encrypt }: UpdateOptions) {
  const offsets = new Map<number, number>(Object.entries(entries).map(([number, offset]) => [Number(number), offset]));
  let body = '';
  for (const [number, value] of Object.entries(objects)) {
    offsets.set(Number(number), pdf.length + body.length);
    body += `${number} 0 obj\n${encrypt?.(value) ?? value}\nendobj\n`;
  }
  return { body: Buffer.from(body, 'latin1'), offsets };
}

export interface SignOptions extends Partial<CmsRequest> {
  signer: Identity;
  /** Object number of the new field; its dictionary gets the next one. */
  number?: number;
  fields?: string;
  subFilter?: string;
  /** More entries of the signature dictionary, before /Contents. */
  entries?: string;
  /** Rewrites the /ByteRange before the bytes are signed. */
  byteRange?: (range: number[], pdf: Buffer) => number[] | string;
  /** Bytes kept free for the CMS. */
  room?: number;
  /** Makes the CMS or timestamp token instead of `signer`. */
  token?: (content: Buffer) => Buffer;
  /** Of the update that the signature is in. */
  update?: UpdateOptions;
  /** Puts bytes into the placeholder after the CMS. */
  afterCms?: string;
}

/** Signs a PDF of `makePdf` with a detached CMS, in an incremental update. */
export function signPdf(pdf: Buffer, options: SignOptions): Buffer {
  return fillSignature(reserveSignature(pdf, options), pdf.length, PLACEHOLDER, options);
}

/** Adds a signature field whose signature is still to be made, for programs that rewrite the file before. */
export function reserveSignature(pdf: Buffer, options: Omit<SignOptions, 'signer'> = {}): Buffer {
  const { number = 10, fields = `7 0 R ${number} 0 R`, subFilter = 'ETSI.CAdES.detached' } = options;
  const objects = {
    6: `<< /Fields [${fields}] /SigFlags 3 >>`,
    [number]: `<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature${number}) /V ${number + 1} 0 R /Rect [0 0 0 0] /F 132 /P 3 0 R >>`,
    [number + 1]:
      `<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /${subFilter} /M (D:20260102030405Z) /ByteRange ${PLACEHOLDER} ${options.entries ?? ''} /Contents <${'0'.repeat((options.room ?? ROOM_BYTES) * 2)}> >>`,
  };
  return appendUpdate(pdf, objects, options.update);
}

/** Makes the signature of `reserveSignature` in a file that was rewritten since. */
export function signReserved(pdf: Buffer, options: SignOptions): Buffer {
  const placeholder = /\[ ?0 9{10} 9{10} 9{10} ?\]/.exec(pdf.toString('latin1'))?.[0];
  if (!placeholder) throw new Error('The PDF has no place for a signature.');
  return fillSignature(Buffer.from(pdf), 0, placeholder, options);
}

function fillSignature(signed: Buffer, from: number, placeholder: string, options: SignOptions): Buffer {
  const start = signed.indexOf(`<${'0'.repeat(100)}`, from);
  const end = signed.indexOf('>', start) + 1;
  const wanted = [0, start, end, signed.length - end];
  const range = options.byteRange?.(wanted, signed) ?? wanted;
  const text = typeof range === 'string' ? range : `[${range.join(' ')}]`;
  signed.write(text.padEnd(placeholder.length), signed.indexOf(placeholder, from), 'latin1');
  const [, gapStart = start, gapEnd = end, length = 0] = typeof range === 'string' ? wanted : range;
  const content = Buffer.concat([signed.subarray(0, gapStart), signed.subarray(gapEnd, gapEnd + length)]);
  const isTimestamp = options.subFilter === 'ETSI.RFC3161';
  const cms =
    options.token?.(content) ??
    (isTimestamp ? timestamp(options.signer, content, options.timestampTime) : signCms({ ...options, content }));
  signed.write(cms.toString('hex') + (options.afterCms ?? ''), start + 1, 'latin1');
  return signed;
}

/** The codes of a report's reasons. */
export function codes({ reasons }: { reasons: readonly { code: string }[] }): string[] {
  return [...new Set(reasons.map(({ code }) => code))];
}
