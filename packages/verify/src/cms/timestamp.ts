import { createHash } from 'node:crypto';
import * as pkijs from 'pkijs';
import { type Certificate, describeCertificate } from '../certificates/certificate.ts';
import { buildChain, findExpired, findUsageProblem } from '../certificates/chain.ts';
import type { TrustStore } from '../certificates/trust.ts';
import { type Reason, reason, type TimestampReport, toProblem } from '../report.ts';
import { type DigestAlgorithm, digestByOid } from './algorithms.ts';
import { malformedCms } from './der.ts';
import { parseCms, type SignerResult, verifySigner } from './signed-data.ts';

const TST_INFO = '1.2.840.113549.1.9.16.1.4';

export interface TimestampResult {
  report: TimestampReport;
  reasons: Reason[];
  signer: SignerResult;
  path: Certificate[];
  chainStatus: 'trusted' | 'untrusted' | 'incomplete' | 'invalid';
  anchor?: string;
  certificates: Certificate[];
}

/** Checks an RFC 3161 token against the digest of what it is for. */
export async function verifyTimestamp(
  der: Uint8Array,
  digestStamped: (algorithm: DigestAlgorithm) => Promise<Buffer>,
  candidates: readonly Certificate[],
  trust: TrustStore,
): Promise<TimestampResult> {
  const cms = parseCms(der, 'timestamp');
  const [signer] = cms.signers;
  const { content } = cms;
  if (cms.contentType !== TST_INFO || !content || !signer || cms.signers.length !== 1) {
    throw malformedCms('The timestamp is not an RFC 3161 token.');
  }
  const info = readInfo(content);
  const result = await verifySigner(cms, signer, async ({ node }) => createHash(node).update(content).digest());
  const reasons = result.reasons.map((entry) => asTimestampReason(entry));
  const digest = digestByOid(info.messageImprint.hashAlgorithm.algorithmId);
  const imprint = Buffer.from(info.messageImprint.hashedMessage.valueBlock.valueHexView);
  if (!(await digestStamped(digest)).equals(imprint)) {
    reasons.push(reason('invalid', 'timestamp-invalid', 'The timestamp belongs to other data.'));
  }
  if (digest.weak) {
    reasons.push(
      reason('indeterminate', 'weak-algorithm', `The timestamp relies on ${digest.name}, which is no longer secure.`),
    );
  }
  const { certificate } = result;
  const usage = certificate && findUsageProblem(certificate, 'timestamping');
  if (usage) reasons.push(usage);
  if (!result.namesCertificate && result.integrity === 'intact') {
    reasons.push(
      reason('note', 'signing-certificate-missing', 'The timestamp does not name the certificate of its authority.'),
    );
  }
  const chain =
    certificate && buildChain(certificate, [...cms.certificates, ...candidates], trust, 'timestamping', info.genTime);
  const expired = chain && findExpired(chain.path, info.genTime);
  const trusted = chain?.report.status === 'trusted' && !expired;
  if (!trusted) {
    reasons.push(
      reason('note', 'timestamp-untrusted', 'The authority of the timestamp does not chain to a given root.'),
    );
  }
  const valid = result.integrity === 'intact' && !reasons.some(({ severity }) => severity === 'invalid');
  return {
    report: {
      time: info.genTime,
      valid,
      trusted: trusted && valid,
      ...(certificate && { authority: describeCertificate(certificate) }),
      digestAlgorithm: digest.name,
    },
    reasons,
    signer: result,
    path: chain?.path ?? [],
    chainStatus: chain?.report.status ?? 'incomplete',
    ...(chain?.report.anchor !== undefined && { anchor: chain.report.anchor }),
    certificates: cms.certificates,
  };
}

function readInfo(content: Buffer): pkijs.TSTInfo {
  try {
    const info = pkijs.TSTInfo.fromBER(content);
    if (Number.isNaN(info.genTime.getTime())) throw new TypeError('no time');
    return info;
  } catch {
    throw malformedCms('The timestamp is not an RFC 3161 token.');
  }
}

/** As a problem of the timestamp, not of the signature that it belongs to. */
function asTimestampReason({ severity, code, message }: Reason): Reason {
  const text =
    code === 'digest-mismatch' ? 'The timestamp was changed.' : message.replace('The signature', 'The timestamp');
  return reason(severity, code === 'weak-algorithm' ? code : 'timestamp-invalid', text);
}

/** A timestamp that cannot be read is as broken as one that was changed. */
export function timestampProblem(error: unknown): Reason {
  return asTimestampReason(toProblem(error).reason);
}
