import { type Signer, SigningError, type SignJob } from '../signer.ts';
import type { KeyAlgorithm } from './authority.ts';
import { signCades } from './cades.ts';
import { type Authority, openAuthority } from './certificate-store.ts';
import { signPades } from './pades.ts';
import type { CoordinateOrigin } from './seal-placement.ts';

export type { KeyAlgorithm } from './authority.ts';

export interface SignerOptions {
  /** Folder of keys and certificates. Created on the first run and reused by later ones. */
  stateDirectory: string;
  /** Default `RSA-2048`, as the real service. */
  keyAlgorithm?: KeyAlgorithm;
  /** From where `y` of a COORDINATE runs. Default `top`. */
  coordinateOrigin?: CoordinateOrigin;
}

/** Opens the sandbox's signing engine: real signatures, made by an authority that is not trusted by default. */
export async function openSigner(options: SignerOptions): Promise<Signer> {
  const authority = await openAuthority(options.stateDirectory, options.keyAlgorithm ?? 'RSA-2048');
  const coordinateOrigin = options.coordinateOrigin ?? 'top';
  return {
    caCertificatePath: authority.caCertificatePath,
    caCertificatePem: authority.caCertificatePem,
    async sign(job) {
      try {
        return await signByType(authority, job, coordinateOrigin);
      } catch (cause) {
        if (cause instanceof SigningError) throw cause;
        throw unforeseen(cause);
      }
    },
  };
}

async function signByType(
  authority: Authority,
  { content, contentType, signatureInfo }: SignJob,
  coordinateOrigin: CoordinateOrigin,
): Promise<Uint8Array> {
  const timestamp = signatureInfo.applyTimestamp ?? false;
  switch (signatureInfo.signatureType) {
    case 'PAdES':
      return signPades(authority, content, signatureInfo, coordinateOrigin);
    case 'CAdES':
      return signCades(authority, content, { timestamp });
    case 'XAdES': {
      // Loaded on demand: libxml2 is compiled when it is first imported.
      const { signXades } = await import('./xades.ts');
      return signXades(authority, content, { ...signatureInfo.advancedSignatureInfo, contentType, timestamp });
    }
    default:
      throw new SigningError('CONFIGURATION_SIGN_ERROR', `Unknown signatureType "${signatureInfo.signatureType}"`);
  }
}

/** A document can be malformed in ways that are not checked: only that document fails, not the others of its request. */
function unforeseen(cause: unknown): SigningError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const error = new SigningError('SIGN_OPERATION_INTERNAL_ERROR', `The document cannot be signed: ${reason}`);
  error.cause = cause;
  return error;
}
