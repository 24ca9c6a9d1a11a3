import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as pkijs from 'pkijs';
import { type IssuedAuthority, issueAuthority, type KeyAlgorithm } from './authority.ts';

/** A certificate, parsed once: parsing is most of the cost of a signature. */
export interface KnownCertificate {
  x509: X509Certificate;
  asn1: pkijs.Certificate;
}

export interface SigningIdentity {
  certificate: KnownCertificate;
  privateKey: KeyObject;
}

export interface Authority {
  caCertificatePath: string;
  caCertificatePem: string;
  caCertificate: KnownCertificate;
  signer: SigningIdentity;
  timestamp: SigningIdentity;
}

/** Opens the authority in `stateDirectory`, or creates it on the first run. */
export async function openAuthority(stateDirectory: string, algorithm: KeyAlgorithm): Promise<Authority> {
  const folder = resolve(stateDirectory, `authority-${algorithm.toLowerCase()}`);
  const kept = await readAuthority(folder);
  if (kept) return kept;
  await storeAuthority(stateDirectory, folder, await issueAuthority(algorithm));
  const created = await readAuthority(folder);
  if (!created) throw new Error(`The sandbox certificates in ${folder} vanished while the sandbox was starting`);
  return created;
}

/**
 * Two sandboxes may start at once. Each writes its own folder, then renames it into place: a rename is
 * atomic and fails if the folder already exists, so that both use the same keys.
 */
async function storeAuthority(stateDirectory: string, folder: string, issued: IssuedAuthority): Promise<void> {
  await mkdir(stateDirectory, { recursive: true });
  const draft = await mkdtemp(join(resolve(stateDirectory), '.authority-'));
  try {
    const secret = { mode: 0o600 };
    await writeFile(join(draft, 'ca.pem'), issued.caCertificatePem);
    await writeFile(join(draft, 'seal.pem'), issued.signer.certificatePem);
    await writeFile(join(draft, 'seal.key'), issued.signer.privateKeyPem, secret);
    await writeFile(join(draft, 'timestamp.pem'), issued.timestamp.certificatePem);
    await writeFile(join(draft, 'timestamp.key'), issued.timestamp.privateKeyPem, secret);
    // Only its owner can open a temporary folder, but everyone may read the root certificate.
    await chmod(draft, 0o755);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Windows reports an existing folder as EPERM.
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'EPERM')) throw error;
  }
}

async function readAuthority(folder: string): Promise<Authority | undefined> {
  const caCertificatePath = join(folder, 'ca.pem');
  let caCertificatePem: string;
  try {
    caCertificatePem = await readFile(caCertificatePath, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    const authority: Authority = {
      caCertificatePath,
      caCertificatePem,
      caCertificate: parseCertificate(caCertificatePem),
      signer: await readIdentity(folder, 'seal'),
      timestamp: await readIdentity(folder, 'timestamp'),
    };
    if (Date.parse(authority.caCertificate.x509.validTo) < Date.now()) throw new Error('the certificates have expired');
    return authority;
  } catch (cause) {
    throw new Error(`The sandbox certificates in ${folder} cannot be used: delete that folder to have new ones made`, {
      cause,
    });
  }
}

async function readIdentity(folder: string, name: string): Promise<SigningIdentity> {
  const certificate = parseCertificate(await readFile(join(folder, `${name}.pem`), 'utf8'));
  const privateKey = createPrivateKey(await readFile(join(folder, `${name}.key`)));
  if (!certificate.x509.checkPrivateKey(privateKey)) throw new Error(`${name}.key does not belong to ${name}.pem`);
  return { certificate, privateKey };
}

function parseCertificate(pem: string): KnownCertificate {
  const x509 = new X509Certificate(pem);
  return { x509, asn1: pkijs.Certificate.fromBER(x509.raw) };
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
