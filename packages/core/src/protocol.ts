/**
 * Everything that needs no HTTP library, timer or Node built-in: what the service's words mean, and the client over an
 * injected transport. For hosts that bring their own HTTP, such as n8n.
 *
 * @module @signstash-connect/core/protocol
 */
export { Packer } from './batch/pack.ts';
export * from './client/client.ts';
export { memoryStore } from './client/content-stores.ts';
export type { DocumentBytes, DocumentInput, PreparedDocument } from './client/document-input.ts';
export { type DownloadedDocument, Operations } from './client/operations.ts';
export type { Platform } from './client/platform.ts';
export { type PrepareContext, prepareDocument } from './client/prepare-document.ts';
export { defaultRetryPolicy, type RetryPolicy } from './client/retry-policy.ts';
export { type CallOptions, defaultTimeouts, type Timeouts } from './client/service-calls.ts';
export type { BodyFormat } from './client/sign-request.ts';
export type { RequestBody, Transport, TransportRequest, TransportResponse } from './client/transport.ts';
export { describeFailure, surelyUnsent } from './http/network-failure.ts';
export type { OperationDocument, Quota } from './protocol/answer/operation.ts';
export { parseRetryAfter } from './protocol/answer/service-error.ts';
export type { ContentWriter } from './protocol/answer/signed-content-reader.ts';
export { documentKind, isEncryptedPdf, isSignedPdf } from './protocol/document-checks.ts';
export { blobSource, bytesSource, type DocumentSource } from './protocol/document-source.ts';
export { type EndpointName, endpoints } from './protocol/endpoints.ts';
export {
  type CustomEnvironment,
  type Endpoints,
  type Environment,
  type NamedEnvironment,
  type OnPremiseEnvironment,
  onPremise,
  resolveEnvironment,
} from './protocol/environments.ts';
export { type ErrorCode, type ErrorCodeFacts, type ErrorFamily, errorCodes } from './protocol/error-codes.ts';
export * from './protocol/errors.ts';
export { maxDocumentsPerRequest, maxReferenceLength } from './protocol/inferred.ts';
export { redact } from './protocol/redact.ts';
export { checkReference, derivedReference, referenceSeed } from './protocol/references.ts';
export type { Preservation, SealOptions, SealPlace, VisibleSeal, XmlSeal } from './protocol/seal-options.ts';
export { checkReceivers } from './protocol/signature-info.ts';
export type { OperationStatus, OperationType, SignatureType, SignError, SignStatus } from './protocol/wire.ts';
