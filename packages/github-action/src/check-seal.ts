import { createHash } from 'node:crypto';

/** `1.2.840.113549.1.9.4`, message digest, and the beginning of its value: a set of one octet string. */
const messageDigest = Buffer.from('06092a864886f70d010904', 'hex');

/**
 * Looks whether a sealed PDF is whole: its last signature covers all of it, the original is untouched at its beginning, and the
 * signed digest is that of its content. Neither the signature's mathematics nor the certificate are checked here.
 *
 * @returns What is wrong, or undefined.
 */
export function whatIsWrong(sealed: Buffer, original: Buffer): string | undefined {
  if (!sealed.subarray(0, original.length).equals(original)) return 'it does not begin with the original document';
  const range = [...sealed.toString('latin1').matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g)].at(
    -1,
  );
  if (!range) return 'it has no signature';
  const [start, before, resume, after] = range.slice(1).map(Number) as [number, number, number, number];
  if (start !== 0 || resume + after !== sealed.length) return 'its signature does not cover all of it';
  const cms = Buffer.from(sealed.toString('latin1', before, resume).replace(/[^0-9a-f]/gi, ''), 'hex');
  const at = cms.indexOf(messageDigest);
  if (at < 0) return 'its signature holds no digest';
  const value = at + messageDigest.length + 2;
  const signed = cms.subarray(value + 2, value + 2 + (cms[value + 1] ?? 0));
  const algorithm = { 32: 'sha256', 48: 'sha384', 64: 'sha512' }[signed.length];
  if (!algorithm) return 'its digest is of an unknown kind';
  const hash = createHash(algorithm).update(sealed.subarray(0, before)).update(sealed.subarray(resume)).digest();
  return hash.equals(signed) ? undefined : 'its content does not match the signed digest';
}
