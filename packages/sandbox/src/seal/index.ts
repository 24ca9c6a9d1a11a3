import { SealError, type Sealer, type SealJob } from '../sealer.ts';
import type { KeyAlgorithm } from './authority.ts';
import { sealCades } from './cades.ts';
import { type Authority, openAuthority } from './certificate-store.ts';
import { sealPades } from './pades.ts';
import type { CoordinateOrigin } from './seal-placement.ts';

export type { KeyAlgorithm } from './authority.ts';

export interface SealerOptions {
  /** Where the sandbox keeps its keys and certificates. Made on the first run, used again by later ones. */
  stateDirectory: string;
  /** Default `RSA-2048`, as the real service. */
  keyAlgorithm?: KeyAlgorithm;
  /** From where `y` of a COORDINATE runs. Default `top`. */
  coordinateOrigin?: CoordinateOrigin;
}

/** Opens the sandbox's signing engine: real signatures, made by an authority that is not trusted by default. */
export async function openSealer(options: SealerOptions): Promise<Sealer> {
  const authority = await openAuthority(options.stateDirectory, options.keyAlgorithm ?? 'RSA-2048');
  const coordinateOrigin = options.coordinateOrigin ?? 'top';
  return {
    caCertificatePath: authority.caCertificatePath,
    caCertificatePem: authority.caCertificatePem,
    async seal(job) {
      try {
        return await sealByType(authority, job, coordinateOrigin);
      } catch (cause) {
        if (cause instanceof SealError) throw cause;
        throw unforeseen(cause);
      }
    },
  };
}

async function sealByType(
  authority: Authority,
  { content, contentType, signatureInfo }: SealJob,
  coordinateOrigin: CoordinateOrigin,
): Promise<Uint8Array> {
  const timestamp = signatureInfo.applyTimestamp ?? false;
  switch (signatureInfo.signatureType) {
    case 'PAdES':
      return sealPades(authority, content, signatureInfo, coordinateOrigin);
    case 'CAdES':
      return sealCades(authority, content, { timestamp });
    case 'XAdES': {
      // Loaded on demand: libxml2 is compiled when it is first imported.
      const { sealXades } = await import('./xades.ts');
      return sealXades(authority, content, { ...signatureInfo.advancedSignatureInfo, contentType, timestamp });
    }
    default:
      throw new SealError('CONFIGURATION_SIGN_ERROR', `Unknown signatureType "${signatureInfo.signatureType}"`);
  }
}

/** A document can be broken in more ways than are checked for: it fails, its neighbours in the request do not. */
function unforeseen(cause: unknown): SealError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const error = new SealError('SIGN_OPERATION_INTERNAL_ERROR', `The document cannot be signed: ${reason}`);
  error.cause = cause;
  return error;
}
