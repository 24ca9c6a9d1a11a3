import { derivedReference } from '../api/references.ts';
import { bytesSource } from '../api/request/document-source.ts';
import { jsonSignBody, multipartSignBody, type SignBody } from '../api/request/sign-body.ts';
import type { WirePreservationInfo, WireSignRequest } from '../api/wire.ts';
import type { PreparedDocument } from './document-input.ts';
import type { Platform } from './platform.ts';

/** `json`: base64 contents in JSON. `multipart`: raw file parts, a quarter less to send; its matching of files is inferred. */
export type BodyFormat = 'json' | 'multipart';

export interface SignRequestOptions {
  readonly format: BodyFormat;
  readonly clientId: string;
  /** Shown to signers (API reference, section 5). */
  readonly description: string;
  readonly preservation: WirePreservationInfo | undefined;
  /** Whether the answer holds the signed contents; otherwise they are fetched afterwards. */
  readonly returnContent: boolean;
}

/** Puts documents into one sign request. */
export async function signRequest(
  documents: readonly PreparedDocument[],
  { format, clientId, description, preservation, returnContent }: SignRequestOptions,
  platform: Platform,
): Promise<SignBody> {
  const request: WireSignRequest = {
    externalReference: await requestReference(documents, clientId, platform),
    description,
    documents: documents.map(({ reference, name, contentType, signatureInfo }) => ({
      documentRequest: { externalReference: reference, name, contentType },
      signatureInfo,
    })),
    ...(preservation ? { preservationInfo: preservation } : {}),
    returnSignedContent: returnContent,
  };
  const sources = documents.map(({ source, name }) => ({ source, document: name }));
  if (format === 'multipart') return multipartSignBody(request, sources, boundary());
  return jsonSignBody(request, sources, platform.toBase64);
}

/**
 * The same group of documents has the same request reference on every attempt, in every process: if a request arrives twice, the
 * service refuses the second one (API reference, section 7: 0.0.7).
 */
async function requestReference(
  documents: readonly PreparedDocument[],
  clientId: string,
  platform: Platform,
): Promise<string> {
  const references = documents.map(({ reference }) => reference).sort();
  const seed = new TextEncoder().encode(`request\n${references.join('\n')}`);
  return derivedReference(clientId, await platform.sha256(bytesSource(seed).read()));
}

/** Random, so that no document can be crafted to contain it. */
function boundary(): string {
  const part = () => Math.floor(Math.random() * 2 ** 32).toString(36);
  return `signstash-${part()}${part()}${part()}`;
}
