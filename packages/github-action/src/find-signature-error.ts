import { createHash } from 'node:crypto';

/** `1.2.840.113549.1.9.4`: the attribute of a signature that holds the digest of what is signed. */
const messageDigest = Buffer.from('06092a864886f70d010904', 'hex');

const algorithms: Readonly<Record<number, string>> = { 20: 'sha1', 32: 'sha256', 48: 'sha384', 64: 'sha512' };

/**
 * What is wrong with a signed PDF, or undefined: its last signature must cover the whole file, and the digest in it must be that of
 * the file's bytes, so that it is complete and unchanged. The signature's key and certificate are not checked: that needs a trust
 * list and belongs to a validation service.
 */
export function findSignatureError(pdf: Buffer): string | undefined {
  const ranges = pdf.toString('latin1').matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g);
  const range = [...ranges].at(-1)?.slice(1).map(Number) as [number, number, number, number] | undefined;
  if (!range) return 'it carries no signature';
  const [start, before, resume, after] = range;
  if (start !== 0 || before >= resume || resume + after !== pdf.length) return 'its signature does not cover all of it';
  const contents = pdf.toString('latin1', before, resume);
  if (!/^<[0-9a-f\s]*>$/i.test(contents)) return 'its signature leaves out more than itself';
  const signed = signedDigest(Buffer.from(contents.replace(/[^0-9a-f]/gi, ''), 'hex'));
  const algorithm = algorithms[signed.length];
  if (!algorithm) return 'its signature holds no digest';
  const digest = createHash(algorithm).update(pdf.subarray(0, before)).update(pdf.subarray(resume)).digest();
  return digest.equals(signed) ? undefined : 'its bytes are not the ones that were signed';
}

/** The first such attribute: those of a timestamp come later. Its value is a set of one octet string. */
function signedDigest(cms: Buffer): Buffer {
  const at = cms.indexOf(messageDigest);
  if (at < 0) return Buffer.alloc(0);
  const value = cms.subarray(at + messageDigest.length);
  const length = value[3] ?? 0;
  return value[0] === 0x31 && value[2] === 0x04 ? value.subarray(4, 4 + length) : Buffer.alloc(0);
}
