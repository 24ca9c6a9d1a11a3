import { type Coverage, type Reason, reason, VerificationProblem } from '../report.ts';
import type { Context } from '../signature.ts';
import { type ByteSource, readChunks } from '../source.ts';
import { readSignedRange, type SignedRange } from './byte-range.ts';
import { findChanges } from './changes.ts';
import type { PdfDict } from './objects.ts';
import { malformed } from './parser.ts';
import { Revision } from './revision.ts';
import { certificationLevel, type SignatureDictionary } from './signature-fields.ts';
import { readValidationData } from './validation-data.ts';

/** One signature of the file, after its structure was checked. */
export interface Candidate {
  signature: SignatureDictionary;
  range?: SignedRange;
  coverage: Coverage;
  /** The signed revision holds validation data. */
  hasValidationData: boolean;
  reasons: Reason[];
}

/** Finds what a signature covers, and what was appended since. */
export async function checkStructure(
  source: ByteSource,
  current: Revision,
  signature: SignatureDictionary,
  { password, signal }: Context,
): Promise<Candidate> {
  const candidate: Candidate = {
    signature,
    coverage: { wholeFile: false, appended: [], allowed: false },
    hasValidationData: false,
    reasons: [],
  };
  try {
    if (current.entry(signature.number)?.kind !== 'offset')
      throw malformed('The signature dictionary is in an object stream.');
    const range = await readSignedRange(source, signature.dict);
    candidate.range = range;
    const signed = await Revision.open(source, range.startXref, password);
    const entry = current.entry(signature.number);
    const entryThen = signed.entry(signature.number);
    if (entry?.kind !== 'offset' || entryThen?.kind !== 'offset' || entry.offset !== entryThen.offset) {
      const message = 'The signature dictionary is not part of the revision that it signs.';
      throw new VerificationProblem('invalid', 'not-a-revision', message);
    }
    candidate.hasValidationData = (await readValidationData(signed)).present;
    candidate.coverage = await findCoverage(source, signed, current, range, signature.dict, signal);
    for (const { allowed, detail } of candidate.coverage.appended) {
      if (!allowed) candidate.reasons.push(reason('invalid', 'change-not-allowed', detail));
    }
  } catch (error) {
    if (!(error instanceof VerificationProblem)) throw error;
    candidate.reasons.push(error.reason);
  }
  return candidate;
}

async function findCoverage(
  source: ByteSource,
  signed: Revision,
  current: Revision,
  { end }: SignedRange,
  signature: PdfDict,
  signal: AbortSignal | undefined,
): Promise<Coverage> {
  if (signed.sections[0]!.offset === current.sections[0]!.offset) {
    // A second startxref may point to the same section, after data that no PDF reader would show.
    if (!(await isBlank(source, end, signal))) {
      throw new VerificationProblem('invalid', 'trailing-data', `Data follows the signed revision at byte ${end}.`);
    }
    return { wholeFile: end === source.size, appended: [], allowed: true };
  }
  const level = await certificationLevel(current, signature);
  const appended = await findChanges(signed, current, end, level, signal);
  return { wholeFile: false, appended, allowed: appended.every(({ allowed }) => allowed) };
}

/** Whether nothing but white space follows. */
export async function isBlank(source: ByteSource, start: number, signal: AbortSignal | undefined): Promise<boolean> {
  for await (const chunk of readChunks(source, start, source.size, signal)) {
    if (/[^\s\0]/.test(chunk.toString('latin1'))) return false;
  }
  return true;
}

/** A later signature covers an earlier one completely; anything else is a construction. */
export function checkOverlaps(candidates: readonly Candidate[]): void {
  let previousEnd = 0;
  for (const { range, reasons } of candidates) {
    if (!range) continue;
    const [[, gapStart]] = range.ranges;
    if (gapStart < previousEnd) {
      reasons.push(
        reason('invalid', 'overlapping-signatures', 'The signature leaves a part of an earlier signature uncovered.'),
      );
    }
    previousEnd = Math.max(previousEnd, range.end);
  }
}
