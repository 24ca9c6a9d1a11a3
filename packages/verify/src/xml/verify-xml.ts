import { type Reason, type SignatureReport, VerificationProblem } from '../report.ts';
import type { Context } from '../signature.ts';
import type { ByteSource } from '../source.ts';

export async function verifyXml(
  _source: ByteSource,
  _original: ByteSource | undefined,
  _context: Context,
): Promise<{ signatures: SignatureReport[]; reasons: Reason[]; startsWithOriginal?: boolean }> {
  throw new VerificationProblem('indeterminate', 'unsupported', 'XML signatures are not supported.');
}
