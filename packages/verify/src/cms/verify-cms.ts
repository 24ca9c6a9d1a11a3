import { createHash } from 'node:crypto';
import type { Reason, SignatureReport } from '../report.ts';
import { reason, VerificationProblem } from '../report.ts';
import { type Context, judgeSignature } from '../signature.ts';
import { type ByteSource, hashRanges } from '../source.ts';
import { parseCms, verifySigner } from './signed-data.ts';

/** A CMS is parsed as a whole. */
const MAX_CMS_BYTES = 256 * 1024 * 1024;
const PEM = /^\s*-----BEGIN (?:CMS|PKCS7)-----([A-Za-z0-9+/=\s]+)-----END (?:CMS|PKCS7)-----\s*$/;

/** Verifies a CAdES signature, attached (`.p7m`) or detached (`.p7s`) from `original`. */
export async function verifyCms(
  source: ByteSource,
  original: ByteSource | undefined,
  context: Context,
): Promise<{ signatures: SignatureReport[]; reasons: Reason[]; content: Buffer | undefined }> {
  if (source.size > MAX_CMS_BYTES) {
    throw new VerificationProblem('indeterminate', 'limit-exceeded', 'The CMS is too large.');
  }
  const cms = parseCms(decodePem(await source.read(0, source.size)));
  const { content } = cms;
  const signatures: SignatureReport[] = [];
  for (const signer of cms.signers) {
    const result = await verifySigner(cms, signer, async ({ node }) => {
      if (content) return createHash(node).update(content).digest();
      if (original) return hashRanges(original, [[0, original.size]], node, context.signal);
      throw new VerificationProblem(
        'indeterminate',
        'content-missing',
        'The signature is detached: give its content as "original".',
      );
    });
    const reasons: Reason[] = [];
    if (!result.namesCertificate && result.integrity === 'intact') {
      const message = 'The signature is plain CMS: it does not name the certificate of its signer, as CAdES does.';
      reasons.push(reason('note', 'signing-certificate-missing', message));
    }
    signatures.push(
      await judgeSignature(
        {
          kind: 'CAdES',
          coverage: { wholeFile: result.integrity !== 'unknown', appended: [], allowed: true },
          signer: result,
          certificates: cms.certificates,
          revocation: { ocsps: result.ocsps, crls: [...cms.crls, ...result.crls] },
          reasons,
          stampedBytes: result.signatureValue,
          hasValidationData: result.ocsps.length + result.crls.length + cms.crls.length > 0,
        },
        context,
      ),
    );
  }
  return { signatures, reasons: [], content };
}

function decodePem(bytes: Buffer): Buffer {
  if (bytes[0] === 0x30) return bytes;
  const match = PEM.exec(bytes.toString('latin1'));
  if (match) return Buffer.from(match[1]!, 'base64');
  throw new VerificationProblem('invalid', 'malformed-signature', 'The file is neither a DER nor a PEM signature.');
}
