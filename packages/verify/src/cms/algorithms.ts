import { constants, type KeyObject, verify } from 'node:crypto';
import * as pkijs from 'pkijs';
import { decode, VerificationProblem } from '../report.ts';

/** Digest algorithms by OID: the name in Node, and the display name. */
const DIGESTS: Record<string, { node: string; name: string; weak?: boolean }> = {
  '1.2.840.113549.2.5': { node: 'md5', name: 'MD5', weak: true },
  '1.3.14.3.2.26': { node: 'sha1', name: 'SHA-1', weak: true },
  '2.16.840.1.101.3.4.2.4': { node: 'sha224', name: 'SHA-224', weak: true },
  '2.16.840.1.101.3.4.2.1': { node: 'sha256', name: 'SHA-256' },
  '2.16.840.1.101.3.4.2.2': { node: 'sha384', name: 'SHA-384' },
  '2.16.840.1.101.3.4.2.3': { node: 'sha512', name: 'SHA-512' },
  '2.16.840.1.101.3.4.2.8': { node: 'sha3-256', name: 'SHA3-256' },
  '2.16.840.1.101.3.4.2.9': { node: 'sha3-384', name: 'SHA3-384' },
  '2.16.840.1.101.3.4.2.10': { node: 'sha3-512', name: 'SHA3-512' },
};

/** Signature algorithms by OID. A `digest` of undefined is stated elsewhere, for instance in the digestAlgorithm. */
const SIGNATURES: Record<string, { family: 'rsa' | 'rsa-pss' | 'ec' | 'ed'; digest?: string }> = {
  '1.2.840.113549.1.1.1': { family: 'rsa' },
  '1.2.840.113549.1.1.4': { family: 'rsa', digest: 'MD5' },
  '1.2.840.113549.1.1.5': { family: 'rsa', digest: 'SHA-1' },
  '1.2.840.113549.1.1.14': { family: 'rsa', digest: 'SHA-224' },
  '1.2.840.113549.1.1.11': { family: 'rsa', digest: 'SHA-256' },
  '1.2.840.113549.1.1.12': { family: 'rsa', digest: 'SHA-384' },
  '1.2.840.113549.1.1.13': { family: 'rsa', digest: 'SHA-512' },
  '1.2.840.113549.1.1.10': { family: 'rsa-pss' },
  '1.2.840.10045.2.1': { family: 'ec' },
  '1.2.840.10045.4.1': { family: 'ec', digest: 'SHA-1' },
  '1.2.840.10045.4.3.1': { family: 'ec', digest: 'SHA-224' },
  '1.2.840.10045.4.3.2': { family: 'ec', digest: 'SHA-256' },
  '1.2.840.10045.4.3.3': { family: 'ec', digest: 'SHA-384' },
  '1.2.840.10045.4.3.4': { family: 'ec', digest: 'SHA-512' },
  '1.3.101.112': { family: 'ed', digest: 'SHA-512' },
};

const PSS_DEFAULT_DIGEST = '1.3.14.3.2.26';
const PSS_DEFAULT_SALT_BYTES = 20;
const MIN_RSA_BITS = 2048;
const MIN_EC_BITS = 224;
const CURVE_NAMES: Record<string, string> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
const CURVE_BITS: Record<string, number> = {
  prime256v1: 256,
  secp384r1: 384,
  secp521r1: 521,
  secp256k1: 256,
  brainpoolP256r1: 256,
  brainpoolP384r1: 384,
  brainpoolP512r1: 512,
};

export interface DigestAlgorithm {
  node: string;
  name: string;
  weak: boolean;
}

export function digestByOid(oid: string): DigestAlgorithm {
  const found = DIGESTS[oid];
  if (!found) throw unsupported(`The digest algorithm ${oid} is not supported.`);
  return { ...found, weak: found.weak ?? false };
}

export function digestByName(name: string): DigestAlgorithm {
  const found = Object.values(DIGESTS).find((digest) => digest.name === name || digest.node === name);
  if (!found) throw unsupported(`The digest algorithm ${name} is not supported.`);
  return { ...found, weak: found.weak ?? false };
}

/** How a signature is to be checked. */
export interface SignatureScheme {
  family: 'rsa' | 'rsa-pss' | 'ec' | 'ed';
  digest: DigestAlgorithm;
  saltBytes?: number;
}

/** Reads an AlgorithmIdentifier of a signature; `fallback` is the digest where the identifier names none. */
export function signatureScheme(identifier: pkijs.AlgorithmIdentifier, fallback?: DigestAlgorithm): SignatureScheme {
  const found = SIGNATURES[identifier.algorithmId];
  if (!found) throw unsupported(`The signature algorithm ${identifier.algorithmId} is not supported.`);
  if (found.family === 'rsa-pss') return pssScheme(identifier);
  const digest = found.digest ? digestByName(found.digest) : fallback;
  if (!digest) throw unsupported(`The signature algorithm ${identifier.algorithmId} states no digest algorithm.`);
  return { family: found.family, digest };
}

function pssScheme(identifier: pkijs.AlgorithmIdentifier): SignatureScheme {
  const { parameters, maskOid } = decode('The parameters of RSA-PSS are malformed.', () => {
    const parameters = new pkijs.RSASSAPSSParams({ schema: identifier.algorithmParams });
    const schema = parameters.maskGenAlgorithm?.algorithmParams;
    return { parameters, maskOid: schema ? new pkijs.AlgorithmIdentifier({ schema }).algorithmId : PSS_DEFAULT_DIGEST };
  });
  const oid = parameters.hashAlgorithm?.algorithmId ?? PSS_DEFAULT_DIGEST;
  if (maskOid !== oid) throw unsupported('RSA-PSS with different digests for message and mask is not supported.');
  return { family: 'rsa-pss', digest: digestByOid(oid), saltBytes: parameters.saltLength ?? PSS_DEFAULT_SALT_BYTES };
}

/** Whether `signature` is over `data`. False if the key type does not match the algorithm. */
export function verifySignature(
  scheme: SignatureScheme,
  key: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
  ecEncoding: 'der' | 'ieee-p1363' = 'der',
): boolean {
  const type = key.asymmetricKeyType;
  try {
    switch (scheme.family) {
      case 'rsa':
        return (
          type === 'rsa' && verify(scheme.digest.node, data, { key, padding: constants.RSA_PKCS1_PADDING }, signature)
        );
      case 'rsa-pss': {
        if (type !== 'rsa' && type !== 'rsa-pss') return false;
        const padding = constants.RSA_PKCS1_PSS_PADDING;
        return verify(scheme.digest.node, data, { key, padding, saltLength: scheme.saltBytes ?? 0 }, signature);
      }
      case 'ec':
        return type === 'ec' && verify(scheme.digest.node, data, { key, dsaEncoding: ecEncoding }, signature);
      case 'ed':
        return type === 'ed25519' && verify(null, data, key, signature);
    }
  } catch {
    return false;
  }
}

/** Such as `RSA 2048` or `EC P-256`. */
export function describeKey(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (modulusLength) return `RSA ${modulusLength}`;
  if (namedCurve) return `EC ${CURVE_NAMES[namedCurve] ?? namedCurve}`;
  return key.asymmetricKeyType ?? 'unknown';
}

/** Names of what is weak in a signature. */
export function weaknesses(digests: readonly DigestAlgorithm[], key: KeyObject | undefined): string[] {
  const weak = digests.filter((digest) => digest.weak).map(({ name }) => name);
  const { modulusLength, namedCurve } = key?.asymmetricKeyDetails ?? {};
  if (key && modulusLength && modulusLength < MIN_RSA_BITS) weak.push(describeKey(key));
  if (key && namedCurve && (CURVE_BITS[namedCurve] ?? 0) < MIN_EC_BITS) weak.push(describeKey(key));
  return [...new Set(weak)];
}

export function unsupported(message: string): VerificationProblem {
  return new VerificationProblem('indeterminate', 'unsupported', message);
}
