/**
 * The wire format of the service (API reference, sections 5 and 6). Nothing outside `protocol` and the
 * `raw` properties of answers speaks them.
 */

/** Known values first; unknown values of later versions of the service are passed on. */
export type Open<Known extends string> = Known | (string & {});

export interface WireSignRequest {
  externalReference: string;
  description: string;
  documents: WireSignDocument[];
  preservationInfo?: WirePreservationInfo;
  returnSignedContent: boolean;
}

export interface WireSignDocument {
  documentRequest: WireDocumentRequest;
  signatureInfo: WireSignatureInfo;
}

export interface WireDocumentRequest {
  externalReference: string;
  name: string;
  contentType: string;
  /** Left out of the multipart form, where the bytes travel as file parts. */
  base64Content?: string;
}

export interface WireSignatureInfo {
  signatureType: SignatureType;
  reason?: string;
  location?: string;
  applyTimestamp: boolean;
  visibleSignatureInfo?: WireVisibleSignatureInfo;
  advancedSignatureInfo?: WireAdvancedSignatureInfo;
}

export type SignatureType = 'PAdES' | 'XAdES' | 'CAdES';

export interface WireVisibleSignatureInfo {
  templateType: 'ONE_OFF' | 'SERVICE_CUSTOMIZATION';
  oneOffTemplate?: string;
  locationType: 'SIGN_FIELD' | 'COORDINATE' | 'PLACEHOLDER';
  locationValue: string;
  area?: string;
  areaBackgroundColor?: string;
  font?: string;
  imageType?: 'IMAGE_PNG' | 'IMAGE_JPG';
  imageValue?: string;
}

export interface WireAdvancedSignatureInfo {
  signatureLocation?: string;
  signatureTransform?: 'ENVELOPED' | 'XPATH' | 'XPATH2_FILTER';
  canonicalTransform?: 'EXCLUSIVE' | 'EXCLUSIVE_WITH_COMMENTS';
}

export interface WirePreservationInfo {
  preserveContent: boolean;
  deliveryInfo?: { attachDocuments: boolean; personReceiver: { email: string }[] };
}

export type OperationStatus = Open<'PENDING_EXECUTION' | 'EXECUTED' | 'EXECUTION_ERROR' | 'EXECUTION_FAILED'>;
export type OperationType = Open<'SIGN' | 'EXTEND_PRESERVATION'>;
export type SignStatus = Open<'RECEIVED' | 'ERROR_SIGNING' | 'SIGNED'>;
export type SignError = Open<
  | 'INVALID_CERT_SERVICE_CREDS'
  | 'INVALID_CERT_ACCESS_ACCOUNT'
  | 'CERT_SERVICE_GLOBAL_ERROR'
  | 'CONFIGURATION_SIGN_ERROR'
  | 'TIMESTAMP_SIGN_ERROR'
  | 'INVALID_CERTIFICATE_SIGN_ERROR'
  | 'STORAGE_SERVICE_GLOBAL_ERROR'
  | 'SIGN_OPERATION_INTERNAL_ERROR'
>;

export interface WireIssuerCompany {
  limitUsageCount?: number | null;
  limitCurrentConsumption?: number | null;
  limitPeriodStartDate?: string | number | null;
  limitPeriodEndDate?: string | number | null;
  [field: string]: unknown;
}

export interface WireOperation {
  id: number | string;
  type?: OperationType;
  status?: OperationStatus;
  issuerCompany?: WireIssuerCompany | null;
  issuerClientServiceAlias?: string | null;
  creationDate?: string | number | null;
  folderExternalReference?: string | null;
  executionTime?: number | null;
  documentList?: WireDocument[] | null;
  [field: string]: unknown;
}

export interface WireDocument {
  externalReference?: string;
  name?: string | null;
  contentType?: string | null;
  internalId?: number | string | null;
  signStatus?: SignStatus;
  signError?: SignError | null;
  storageStatus?: string | null;
  contentLength?: number | null;
  receptionDate?: string | number | null;
  storageEndDate?: string | number | null;
  signedContent?: string | null;
  [field: string]: unknown;
}

/** The error body (API reference, section 6). */
export interface WireError {
  errorCode?: string | null;
  errorCodeDescription?: string | null;
  causeMessage?: string | null;
}
