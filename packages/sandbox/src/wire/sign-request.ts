import type { WireSignatureInfo } from '../signer.ts';

/** A sign request as it comes over the wire (API reference, section 5), its contents already taken out of their base64. */
export interface SignRequest {
  externalReference: string;
  description: string;
  documents: SignRequestDocument[];
  preservationInfo?: PreservationInfo;
  returnSignedContent?: boolean;
}

export interface SignRequestDocument {
  documentRequest: { externalReference: string; name: string; contentType: string };
  signatureInfo: WireSignatureInfo;
  content: Buffer;
}

export interface PreservationInfo {
  preserveContent?: boolean;
  alias?: string;
  deliveryInfo?: { attachDocuments?: boolean; personReceiver: { email: string; deliveryStatus?: string }[] };
}
