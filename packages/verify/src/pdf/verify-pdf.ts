import { type Certificate, tryParseCertificate } from '../certificates/certificate.ts';
import type { RevocationData } from '../certificates/revocation.ts';
import { derLength } from '../cms/der.ts';
import { parseCms, verifySigner } from '../cms/signed-data.ts';
import { type TimestampResult, timestampProblem, verifyTimestamp } from '../cms/timestamp.ts';
import {
  type Coverage,
  concludeVerdict,
  type Reason,
  reason,
  type SignatureReport,
  toProblem,
  VerificationProblem,
} from '../report.ts';
import { type Context, judgeSignature } from '../signature.ts';
import { type ByteSource, hashRanges, readChunks } from '../source.ts';
import { readSignedRange, type SignedRange } from './byte-range.ts';
import { findChanges } from './changes.ts';
import { findLastStartXref } from './cross-references.ts';
import { type PdfDict, PdfStream, PdfString } from './objects.ts';
import { malformed } from './parser.ts';
import { Revision } from './revision.ts';
import {
  certificationLevel,
  findUnreferencedSignatures,
  readSignatures,
  type SignatureDictionary,
} from './signature-fields.ts';

const CMS_SUBFILTERS = new Set(['ETSI.CAdES.detached', 'adbe.pkcs7.detached']);
const TIMESTAMP_SUBFILTER = 'ETSI.RFC3161';

/** One signature of the file, after its structure was checked. */
interface Candidate {
  signature: SignatureDictionary;
  range?: SignedRange;
  coverage: Coverage;
  reasons: Reason[];
}

/** The validation data of the document (ISO 32000-2, 12.8.4.3). */
interface ValidationData extends RevocationData {
  certificates: Certificate[];
  present: boolean;
}

/** Verifies every signature of a PDF. */
export async function verifyPdf(
  source: ByteSource,
  context: Context,
): Promise<{ signatures: SignatureReport[]; reasons: Reason[] }> {
  const last = await findLastStartXref(source);
  if (!last) throw malformed('The PDF ends without "startxref" and "%%EOF"; it may be cut short.');
  const current = await Revision.open(source, last.startXref);
  if (current.trailer.get('Encrypt') !== undefined) {
    throw new VerificationProblem('indeterminate', 'encrypted', 'The PDF is encrypted, which is not supported.');
  }
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
  for (const candidate of candidates) {
    if (candidate.signature.dict.name('SubFilter') !== TIMESTAMP_SUBFILTER || !candidate.range) continue;
    const stamp = await tryTimestamp(source, candidate, candidate.range, data, context);
    if (stamp) stamps.set(candidate, stamp);
  }
  for (const [index, candidate] of candidates.entries()) {
    const stamp = stamps.get(candidate);
    if (stamp) reports.push(describeStamp(candidate, stamp));
    else {
      const covering = candidates.slice(index + 1).map((later) => stamps.get(later));
      reports.push(
        await verifyOne(
          source,
          candidate,
          data,
          covering.find((found) => found?.report.valid),
          context,
        ),
      );
    }
  }
  return { signatures: reports, reasons };
}

async function checkStructure(
  source: ByteSource,
  current: Revision,
  signature: SignatureDictionary,
  { signal }: Context,
): Promise<Candidate> {
  const candidate: Candidate = {
    signature,
    coverage: { wholeFile: false, appended: [], allowed: false },
    reasons: [],
  };
  try {
    if (current.entry(signature.number)?.kind !== 'offset')
      throw malformed('The signature dictionary is in an object stream.');
    const range = await readSignedRange(source, signature.dict);
    candidate.range = range;
    const signed = await Revision.open(source, range.startXref);
    const entry = current.entry(signature.number);
    const entryThen = signed.entry(signature.number);
    if (entry?.kind !== 'offset' || entryThen?.kind !== 'offset' || entry.offset !== entryThen.offset) {
      const message = 'The signature dictionary is not part of the revision that it signs.';
      throw new VerificationProblem('invalid', 'not-a-revision', message);
    }
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
    // The same section may be announced once more, behind data that no reader of the PDF would show.
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
async function isBlank(source: ByteSource, start: number, signal: AbortSignal | undefined): Promise<boolean> {
  for await (const chunk of readChunks(source, start, source.size, signal)) {
    if (/[^\s\0]/.test(chunk.toString('latin1'))) return false;
  }
  return true;
}

/** A later signature covers an earlier one completely; anything else is a construction. */
function checkOverlaps(candidates: readonly Candidate[]): void {
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

/** The CMS without the zeros that fill up its place. */
function unpad(contents: Buffer): Buffer {
  const length = derLength(contents);
  if (contents.subarray(length).some((byte) => byte !== 0)) {
    throw new VerificationProblem('invalid', 'trailing-data', 'Data follows the signature inside its /Contents.');
  }
  return contents.subarray(0, length);
}

async function verifyOne(
  source: ByteSource,
  candidate: Candidate,
  data: ValidationData,
  documentTimestamp: TimestampResult | undefined,
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
        claimedSigningTime: readTime(signature.dict),
        reasons,
        stampedBytes: result.signatureValue,
        documentTimestamp,
        hasValidationData: data.present,
      },
      context,
    );
  } catch (error) {
    return unreadable(candidate, [toProblem(error, 'malformed-signature', 'The signature is malformed.').reason]);
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
  { trust, signal }: Context,
): Promise<TimestampResult | undefined> {
  try {
    const digest = ({ node }: { node: string }) => hashRanges(source, range.ranges, node, signal);
    return await verifyTimestamp(unpad(range.contents), digest, data.certificates, trust);
  } catch (error) {
    candidate.reasons.push(timestampProblem(error));
    return undefined;
  }
}

function describeStamp(
  candidate: Candidate,
  { report, reasons, signer, path, chainStatus, anchor }: TimestampResult,
): SignatureReport {
  const all = [...candidate.reasons, ...reasons];
  if (chainStatus !== 'trusted' || !report.trusted) {
    all.push(
      reason('untrusted', 'chain-untrusted', 'The authority of the document timestamp does not chain to a given root.'),
    );
  }
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
    revocation: { status: 'not-embedded' },
  };
}

async function readValidationData(revision: Revision): Promise<ValidationData> {
  const dss = await revision.dict((await revision.catalog()).get('DSS'));
  if (!dss) return { certificates: [], ocsps: [], crls: [], present: false };
  const streams = async (key: string): Promise<Buffer[]> => {
    const found: Buffer[] = [];
    for (const item of await revision.array(dss.get(key))) {
      const stream = await revision.resolve(item);
      if (stream instanceof PdfStream) found.push(await revision.streamData(stream));
    }
    return found;
  };
  const [certificates, ocsps, crls] = [await streams('Certs'), await streams('OCSPs'), await streams('CRLs')];
  return {
    certificates: certificates.map(tryParseCertificate).filter((entry) => entry !== undefined),
    ocsps,
    crls,
    present: certificates.length > 0 && ocsps.length + crls.length > 0,
  };
}

/** The `/M` of a signature: `D:YYYYMMDDHHmmSSOHH'mm'` (ISO 32000-2, 7.9.4). */
function readTime(signature: PdfDict): Date | undefined {
  const value = signature.get('M');
  if (!(value instanceof PdfString)) return undefined;
  const match = /^D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-])(\d\d)'?(\d\d)?)?/.exec(value.text);
  if (!match) return undefined;
  const part = (index: number, fallback: number) => Number(match[index] ?? fallback);
  const utc = Date.UTC(part(1, 0), part(2, 1) - 1, part(3, 1), part(4, 0), part(5, 0), part(6, 0));
  const offset = (part(9, 0) * 60 + part(10, 0)) * 60_000;
  return new Date(utc - (match[8] === '-' ? -offset : offset));
}
