/** The signing engine (`./signing`), as the HTTP part of the sandbox uses it. */
export interface Signer {
  /** Signs one document. Rejects with {@link SigningError} where the real service would mark the document ERROR_SIGNING. */
  sign(job: SignJob): Promise<Uint8Array>;
  /** The sandbox's own root certificate: trust it to see its signatures as valid. */
  readonly caCertificatePem: string;
  /** Path of that certificate, for `openssl -CAfile` and `certutil -i`. */
  readonly caCertificatePath: string;
}

export interface SignJob {
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

export class SigningError extends Error {
  override name = 'SigningError';
  readonly signError: SignErrorCode;
  constructor(signError: SignErrorCode, message: string) {
    super(message);
    this.signError = signError;
  }
}
