import { Certificate, ContentInfo, SignedData } from 'pkijs';

/**
 * Checks a PAdES seal without help of what made it: the last signature covers the whole file, its digest and signature
 * are right, and its certificate chain ends at the given root.
 *
 * @returns Undefined where all is well, else what is wrong.
 */
export async function whatIsWrongWithSeal(pdf: Uint8Array, rootPem: string): Promise<string | undefined> {
  const text = Buffer.from(pdf).toString('latin1');
  const ranges = [...text.matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g)]
    .at(-1)
    ?.slice(1)
    .map(Number);
  if (!ranges) return 'no signature';
  const [start, before, resume, after] = ranges as [number, number, number, number];
  if (start !== 0 || resume + after !== pdf.byteLength) return 'the signature does not cover the whole file';
  const hexadecimal = text.slice(before, resume).replace(/[^0-9a-f]/gi, '');
  const signedData = new SignedData({ schema: ContentInfo.fromBER(Buffer.from(hexadecimal, 'hex')).content });
  const covered = Buffer.concat([pdf.subarray(0, before), pdf.subarray(resume)]);
  const root = Certificate.fromBER(Buffer.from(rootPem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
  try {
    const { signatureVerified, signerCertificateVerified, message } = await signedData.verify({
      signer: 0,
      data: new Uint8Array(covered).buffer,
      trustedCerts: [root],
      checkChain: true,
      extendedMode: true,
    });
    if (!signatureVerified) return message || 'the signature does not match the content';
    return signerCertificateVerified ? undefined : message || 'the certificate is not trusted';
  } catch (error) {
    return (error as { message?: string }).message || 'the signature cannot be checked';
  }
}
