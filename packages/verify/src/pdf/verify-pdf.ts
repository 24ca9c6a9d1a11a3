import { readFirstElement } from '../cms/der.ts';
import { parseCms, verifySigner } from '../cms/signed-data.ts';
import { type TimestampResult, timestampProblem, verifyTimestamp } from '../cms/timestamp.ts';
import {
  concludeVerdict,
  type Reason,
  reason,
  type SignatureReport,
  toProblem,
  VerificationProblem,
} from '../report.ts';
import { type Context, judgeSignature } from '../signature.ts';
import { type ByteSource, hashRanges } from '../source.ts';
import type { SignedRange } from './byte-range.ts';
import { findLastStartXref } from './cross-references.ts';
import { malformed } from './parser.ts';
import { Revision } from './revision.ts';
import { findUnreferencedSignatures, readSignatures, readSigningTime } from './signature-fields.ts';
import { type Candidate, checkOverlaps, checkStructure, isBlank } from './structure.ts';
import { readValidationData, type ValidationData } from './validation-data.ts';

const CMS_SUBFILTERS = new Set(['ETSI.CAdES.detached', 'adbe.pkcs7.detached']);
const TIMESTAMP_SUBFILTER = 'ETSI.RFC3161';

/** Verifies every signature of a PDF. */
export async function verifyPdf(
  source: ByteSource,
  context: Context,
): Promise<{ signatures: SignatureReport[]; reasons: Reason[] }> {
  const last = await findLastStartXref(source);
  if (!last) throw malformed('The PDF ends without "startxref" and "%%EOF"; it may be cut short.');
  const current = await Revision.open(source, last.startXref, context.password);
  const signatures = await readSignatures(current);
  const reasons: Reason[] = [];
  for (const position of await findUnreferencedSignatures(source, current, signatures, context.signal)) {
    const message = `The signature dictionary at byte ${position} is not in a signature field: a signature was removed or hidden.`;
    reasons.push(reason('invalid', 'unreferenced-signature', message));
  }
  if (!(await isBlank(source, last.end, context.signal))) {
    reasons.push(reason('invalid', 'trailing-data', `Data follows the end of the PDF at byte ${last.end}.`));
  }

  const candidates: Candidate[] = [];
  for (const signature of signatures) candidates.push(await checkStructure(source, current, signature, context));
  candidates.sort((a, b) => (a.range?.end ?? 0) - (b.range?.end ?? 0));
  checkOverlaps(candidates);

  const data = await readValidationData(current);
  const stamps = new Map<Candidate, TimestampResult>();
  const reports: SignatureReport[] = [];
  // Newest first: a trusted timestamp proves when the older ones existed.
  let existedAt = context.at ?? context.now;
  for (const candidate of candidates.toReversed()) {
    if (candidate.signature.dict.name('SubFilter') !== TIMESTAMP_SUBFILTER || !candidate.range) continue;
    const stamp = await tryTimestamp(source, candidate, candidate.range, data, existedAt, context);
    if (!stamp) continue;
    stamps.set(candidate, stamp);
    if (stamp.report.trusted && candidate.reasons.length === 0) existedAt = stamp.report.time;
  }
  for (const [index, candidate] of candidates.entries()) {
    const stamp = stamps.get(candidate);
    if (stamp) reports.push(describeStamp(candidate, stamp));
    else {
      const covering = candidates.slice(index + 1).filter((later) => stamps.get(later)?.report.valid);
      const isArchived = covering.some(({ hasValidationData }) => hasValidationData);
      const results = covering.map((later) => stamps.get(later)!);
      const documentTimestamp = results.find(({ report }) => report.trusted) ?? results[0];
      reports.push(await verifyOne(source, candidate, data, { documentTimestamp, isArchived }, context));
    }
  }
  return { signatures: reports, reasons };
}

/** The CMS without the zeros that fill up its place. */
function unpad(contents: Buffer): Buffer {
  const { der, end } = readFirstElement(contents);
  if (contents.subarray(end).some((byte) => byte !== 0)) {
    throw new VerificationProblem('invalid', 'trailing-data', 'Data follows the signature inside its /Contents.');
  }
  return der;
}

async function verifyOne(
  source: ByteSource,
  candidate: Candidate,
  data: ValidationData,
  later: { documentTimestamp: TimestampResult | undefined; isArchived: boolean },
  context: Context,
): Promise<SignatureReport> {
  const { signature, range, coverage } = candidate;
  const subFilter = signature.dict.name('SubFilter') ?? '';
  try {
    if (!CMS_SUBFILTERS.has(subFilter)) {
      const message = `The signature format "${subFilter}" is not supported.`;
      throw new VerificationProblem('indeterminate', 'unsupported', message);
    }
    // What is wrong with the structure has been found; the bytes it covers cannot be named.
    if (!range) return unreadable(candidate, []);
    const cms = parseCms(unpad(range.contents));
    const [signer] = cms.signers;
    if (!signer || cms.signers.length !== 1 || cms.content) {
      throw new VerificationProblem(
        'invalid',
        'malformed-signature',
        'The signature is not a detached CMS with one signer.',
      );
    }
    const result = await verifySigner(cms, signer, ({ node }) =>
      hashRanges(source, range.ranges, node, context.signal),
    );
    const reasons = [...candidate.reasons];
    if (subFilter === 'ETSI.CAdES.detached' && result.integrity === 'intact' && !result.namesCertificate) {
      reasons.push(
        reason(
          'invalid',
          'signing-certificate-missing',
          'The PAdES signature does not name the certificate of its signer.',
        ),
      );
    }
    return await judgeSignature(
      {
        kind: 'PAdES',
        name: signature.field,
        coverage,
        signer: result,
        certificates: [...cms.certificates, ...data.certificates],
        revocation: { ocsps: [...data.ocsps, ...result.ocsps], crls: [...data.crls, ...cms.crls, ...result.crls] },
        claimedSigningTime: readSigningTime(signature.dict),
        reasons,
        stampedBytes: result.signatureValue,
        ...later,
        hasValidationData: data.present,
      },
      context,
    );
  } catch (error) {
    return unreadable(candidate, [toProblem(error).reason]);
  }
}

function unreadable({ signature, coverage, reasons }: Candidate, more: readonly Reason[]): SignatureReport {
  const all = [...reasons, ...more];
  return {
    kind: signature.dict.name('SubFilter') === TIMESTAMP_SUBFILTER ? 'document-timestamp' : 'PAdES',
    level: 'none',
    verdict: concludeVerdict(all),
    reasons: all,
    name: signature.field,
    integrity: all.some(({ severity }) => severity === 'invalid') ? 'broken' : 'unknown',
    coverage,
    weakAlgorithms: [],
    chain: { status: 'incomplete', path: [] },
    revocation: { status: 'not-embedded' },
  };
}

async function tryTimestamp(
  source: ByteSource,
  candidate: Candidate,
  range: SignedRange,
  data: ValidationData,
  existedAt: Date,
  { trust, signal }: Context,
): Promise<TimestampResult | undefined> {
  try {
    const digest = ({ node }: { node: string }) => hashRanges(source, range.ranges, node, signal);
    return await verifyTimestamp(unpad(range.contents), digest, {
      certificates: data.certificates,
      revocation: data,
      trust,
      existedAt,
    });
  } catch (error) {
    candidate.reasons.push(timestampProblem(error));
    return undefined;
  }
}

function describeStamp(
  candidate: Candidate,
  { report, reasons, signer, path, chainStatus, anchor, doubt, revocation }: TimestampResult,
): SignatureReport {
  const all = [...candidate.reasons, ...reasons];
  if (doubt) all.push(doubt);
  return {
    kind: 'document-timestamp',
    level: 'none',
    verdict: concludeVerdict(all),
    reasons: all,
    name: candidate.signature.field,
    integrity: report.valid ? 'intact' : 'broken',
    coverage: candidate.coverage,
    ...(report.authority && { signer: report.authority }),
    timestamp: report,
    ...(report.digestAlgorithm && { digestAlgorithm: report.digestAlgorithm }),
    weakAlgorithms: signer.weakAlgorithms,
    chain: {
      status: chainStatus,
      path: path.map(({ x509 }) => x509.subject.split('\n').reverse().join(',')),
      ...(anchor !== undefined && { anchor }),
    },
    revocation,
  };
}
