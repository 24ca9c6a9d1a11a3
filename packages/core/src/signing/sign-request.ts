import { jsonSignBody, multipartSignBody, type SignBody } from '../api/request/sign-body.ts';
import type { WirePreservationInfo, WireSignRequest } from '../api/wire.ts';
import type { PreparedDocument } from './document-input.ts';
import type { Platform } from './platform.ts';

/** `json`: base64 contents in JSON. `multipart`: raw file parts, a third less to send; its matching of files is inferred. */
export type BodyFormat = 'json' | 'multipart';

export interface SignRequestOptions {
  readonly format: BodyFormat;
  readonly clientId: string;
  /** Shown to signers (API reference, section 5). */
  readonly description: string;
  readonly preservation: WirePreservationInfo | undefined;
  /** Whether the answer holds the sealed contents; otherwise they are fetched afterwards. */
  readonly returnContent: boolean;
}

/** Puts documents into one sign request. */
export function signRequest(
  documents: readonly PreparedDocument[],
  { format, clientId, description, preservation, returnContent }: SignRequestOptions,
  platform: Platform,
): SignBody {
  const request: WireSignRequest = {
    externalReference: `${clientId.replace(/[^\w.:@-]+/g, '-')}-${uniqueSuffix()}`,
    description,
    documents: documents.map(({ reference, name, contentType, signatureInfo }) => ({
      documentRequest: { externalReference: reference, name, contentType },
      signatureInfo,
    })),
    ...(preservation ? { preservationInfo: preservation } : {}),
    returnSignedContent: returnContent,
  };
  const sources = documents.map(({ source, name }) => ({ source, document: name }));
  if (format === 'multipart') return multipartSignBody(request, sources, `signstash-${uniqueSuffix()}`);
  return jsonSignBody(request, sources, platform.toBase64);
}

/** The request's own reference must be new each time; documents are found again by theirs. */
function uniqueSuffix(): string {
  const part = () => Math.floor(Math.random() * 2 ** 32).toString(36);
  return `${Date.now().toString(36)}-${part()}${part()}`;
}
