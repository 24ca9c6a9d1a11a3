/** What the HTTP side of the sandbox asks of its sealing engine (`./seal`). */
export interface Sealer {
  /** Seals one document. Rejects with {@link SealError} where the real service would mark the document ERROR_SIGNING. */
  seal(job: SealJob): Promise<Uint8Array>;
  /** The sandbox's own root certificate: trust it to see its seals as valid. */
  readonly caCertificatePem: string;
  /** Where that certificate lies on disk, for `openssl -CAfile` and `certutil -i`. */
  readonly caCertificatePath: string;
}

export interface SealJob {
  content: Uint8Array;
  contentType: string;
  /** `signatureInfo` exactly as it came over the wire. */
  signatureInfo: WireSignatureInfo;
}

export interface WireSignatureInfo {
  signatureType: 'PAdES' | 'XAdES' | 'CAdES';
  reason?: string;
  location?: string;
  applyTimestamp?: boolean;
  visibleSignatureInfo?: WireVisibleSignatureInfo;
  advancedSignatureInfo?: {
    signatureLocation?: string;
    signatureTransform?: 'ENVELOPED' | 'XPATH' | 'XPATH2_FILTER';
    canonicalTransform?: 'EXCLUSIVE' | 'EXCLUSIVE_WITH_COMMENTS';
  };
}

export interface WireVisibleSignatureInfo {
  templateType?: 'ONE_OFF' | 'SERVICE_CUSTOMIZATION';
  oneOffTemplate?: string;
  locationType: 'SIGN_FIELD' | 'COORDINATE' | 'PLACEHOLDER';
  locationValue: string;
  area?: string;
  areaBackgroundColor?: string;
  font?: string;
  imageType?: 'IMAGE_PNG' | 'IMAGE_JPG';
  imageValue?: string;
}

/** The `signError` values of the API reference, section 6. */
export type SignErrorCode =
  | 'INVALID_CERT_SERVICE_CREDS'
  | 'INVALID_CERT_ACCESS_ACCOUNT'
  | 'CERT_SERVICE_GLOBAL_ERROR'
  | 'CONFIGURATION_SIGN_ERROR'
  | 'TIMESTAMP_SIGN_ERROR'
  | 'INVALID_CERTIFICATE_SIGN_ERROR'
  | 'STORAGE_SERVICE_GLOBAL_ERROR'
  | 'SIGN_OPERATION_INTERNAL_ERROR';

export class SealError extends Error {
  override name = 'SealError';
  readonly signError: SignErrorCode;
  constructor(signError: SignErrorCode, message: string) {
    super(message);
    this.signError = signError;
  }
}
