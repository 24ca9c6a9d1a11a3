// Cuts the last signature of a PDF and the bytes it covers into two files, for `openssl cms -verify`.
import { readFileSync, writeFileSync } from 'node:fs';

const [pdfPath, contentPath, signaturePath] = process.argv.slice(2) as [string, string, string];
const pdf = readFileSync(pdfPath);
const range = [...pdf.toString('latin1').matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g)].at(-1);
if (!range) throw new Error(`${pdfPath} has no signature`);
const [start, before, resume, after] = range.slice(1).map(Number) as [number, number, number, number];
writeFileSync(contentPath, Buffer.concat([pdf.subarray(start, start + before), pdf.subarray(resume, resume + after)]));
const hexadecimal = pdf.toString('latin1', start + before, resume).replace(/[^0-9a-f]/gi, '');
// The place kept for the signature is padded with zeros; the DER header contains its true length.
const der = Buffer.from(hexadecimal, 'hex');
const lengthBytes = (der[1] ?? 0) & 0x7f;
const length = (der[1] ?? 0) < 0x80 ? (der[1] ?? 0) + 2 : der.readUIntBE(2, lengthBytes) + 2 + lengthBytes;
writeFileSync(signaturePath, der.subarray(0, length));
