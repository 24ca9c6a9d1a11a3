import { createHash } from 'node:crypto';
import * as pkijs from 'pkijs';
import { type Certificate, describeCertificate } from '../certificates/certificate.ts';
import { buildChain, type Chain, findExpired, findUsageProblem } from '../certificates/chain.ts';
import { checkRevocation, type RevocationData } from '../certificates/revocation.ts';
import type { TrustStore } from '../certificates/trust.ts';
import { type Reason, type RevocationReport, reason, type TimestampReport, toProblem } from '../report.ts';
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
  /** Why the time is not proven although the token is intact. */
  doubt?: Reason;
  revocation: RevocationReport;
}

/** What a document knows about the authority of a timestamp. */
interface TimestampContext {
  /** Certificates that a path may use. */
  certificates: readonly Certificate[];
  revocation: RevocationData;
  trust: TrustStore;
  /** When the timestamp is known to have existed: the time of a newer trusted one that covers it, else now. */
  existedAt: Date;
}

/** Checks an RFC 3161 token against the digest of what it is for. */
export async function verifyTimestamp(
  der: Uint8Array,
  digestStamped: (algorithm: DigestAlgorithm) => Promise<Buffer>,
  { certificates, revocation, trust, existedAt }: TimestampContext,
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
    certificate && buildChain(certificate, [...cms.certificates, ...certificates], trust, 'timestamping', info.genTime);
  const answers = {
    ocsps: [...revocation.ocsps, ...result.ocsps],
    crls: [...revocation.crls, ...cms.crls, ...result.crls],
  };
  const doubt = findDoubt(chain, answers, info.genTime, existedAt);
  if (doubt) reasons.push(reason('note', 'timestamp-untrusted', doubt.message));
  const valid = result.integrity === 'intact' && !reasons.some(({ severity }) => severity === 'invalid');
  return {
    report: {
      time: info.genTime,
      valid,
      trusted: valid && !doubt,
      ...(certificate && { authority: describeCertificate(certificate) }),
      digestAlgorithm: digest.name,
    },
    reasons,
    signer: result,
    path: chain?.path ?? [],
    chainStatus: chain?.report.status ?? 'incomplete',
    ...(chain?.report.anchor !== undefined && { anchor: chain.report.anchor }),
    ...(doubt && { doubt }),
    revocation: certificate
      ? checkRevocation(certificate, chain?.path[1], answers, existedAt)
      : { status: 'not-embedded' },
  };
}

/** Why the certificates do not prove the time of an intact token. */
function findDoubt(chain: Chain | undefined, answers: RevocationData, time: Date, existedAt: Date): Reason | undefined {
  if (chain?.report.status === 'invalid') return chain.reasons[0];
  if (chain?.report.status !== 'trusted') {
    return reason('untrusted', 'chain-untrusted', 'The authority of the timestamp does not chain to a given root.');
  }
  const { path } = chain;
  if (findExpired(path, time)) {
    const message = 'The certificate of the timestamp was not valid at the time of the timestamp.';
    return reason('invalid', 'certificate-not-valid-at-time', message);
  }
  for (const [index, certificate] of path.slice(0, -1).entries()) {
    const { status, revokedAt } = checkRevocation(certificate, path[index + 1], answers, existedAt);
    if (status !== 'revoked') continue;
    // The reason may be harmless, such as the end of the service, but a timestamp from a stolen key cannot be distinguished.
    const severity = revokedAt && revokedAt > time ? 'indeterminate' : 'invalid';
    return reason(severity, 'revoked', 'A certificate of the authority of the timestamp was revoked.');
  }
  if (path.some(({ asn1 }) => asn1.notAfter.value < existedAt)) {
    const message =
      'A certificate of the authority of the timestamp has expired, and no newer timestamp proves that the timestamp is older.';
    return reason('indeterminate', 'signing-time-unproven', message);
  }
  return undefined;
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
