/**
 * Everything that needs no HTTP library, timer or Node built-in: what the service's words mean, and the client over an
 * injected transport. For hosts that bring their own HTTP, such as n8n.
 *
 * @module @signstash-connect/core/client
 */

export { maxDocumentsPerRequest, maxReferenceLength } from './api/assumptions.ts';
export { type EndpointName, endpoints } from './api/endpoints.ts';
export {
  type CustomEnvironment,
  type Endpoints,
  type Environment,
  type NamedEnvironment,
  type OnPremiseEnvironment,
  onPremise,
  resolveEnvironment,
} from './api/environments.ts';
export {
  type ErrorAction,
  type ServiceErrorRow,
  serviceErrorFamilies,
  serviceErrorRest,
  serviceErrorStatuses,
  serviceErrors,
  signErrorFixes,
} from './api/error-table.ts';
export { checkReference, derivedReference, referenceSeed } from './api/references.ts';
export { documentKind, isEncryptedPdf, isSignedPdf } from './api/request/document-checks.ts';
export { blobSource, bytesSource, type DocumentSource } from './api/request/document-source.ts';
export { checkReceivers } from './api/request/signature-info.ts';
export type { Operation, OperationDocument, OperationOf, Quota } from './api/response/operation.ts';
export { type FailedAnswer, isTokenRefused, parseRetryAfter } from './api/response/service-error.ts';
export type { ContentStore, ContentWriter } from './api/response/signed-content-reader.ts';
export type { Preservation, SealPosition, SignatureOptions, VisibleSeal, XmlSignature } from './api/sign-options.ts';
export type { OperationStatus, OperationType, SignatureType, SignError, SignStatus } from './api/wire.ts';
export { BatchPacker } from './batch/batch-packer.ts';
export { type ErrorCode, type ErrorCodeFacts, type ErrorFamily, errorCodes } from './errors/codes.ts';
export {
  AbortedError,
  ConfigurationError,
  CredentialsError,
  DocumentFailedError,
  type ErrorBody,
  type ErrorDetails,
  isSignStashError,
  LookupError,
  NetworkError,
  OutcomeUnknownError,
  ProtocolError,
  QuotaExceededError,
  ServiceRejectedError,
  SignStashError,
  TimeoutError,
  TokenError,
  ValidationError,
} from './errors/errors.ts';
export { redact } from './errors/redact.ts';
export { userAgent, version } from './http/user-agent.ts';
export {
  type ClientParts,
  type ClientSettings,
  type SignOneOptions,
  type SignOptions,
  SignStashClient,
} from './signing/client.ts';
export type {
  ContentCheckFunction,
  ContentCheckSetting,
  ContentLimits,
  ContentToCheck,
} from './signing/content-check.ts';
export { memoryStore } from './signing/content-stores.ts';
export type { DocumentBytes, DocumentInput, PreparedDocument } from './signing/document-input.ts';
export type {
  Hooks,
  Logger,
  RequestEvent,
  ResponseEvent,
  RetryEvent,
  SignedEvent,
  TokenIssuedEvent,
  TraceChannel,
  Tracing,
} from './signing/hooks.ts';
export { type DownloadedDocument, Operations } from './signing/operations.ts';
export type { Outcome, SignedOutcome } from './signing/outcome.ts';
export type { Platform, StreamingHash } from './signing/platform.ts';
export { type PrepareContext, prepareDocument } from './signing/prepare.ts';
export type { FailedDocument, SignedDocument, SignedResult, SignResult } from './signing/results.ts';
export { defaultRetryPolicy, type RetryPolicy } from './signing/retry-policy.ts';
export { type CallOptions, defaultTimeouts, type Timeouts } from './signing/service-calls.ts';
export type { SignRun } from './signing/sign-exactly-once.ts';
export type { BodyFormat } from './signing/sign-request.ts';
export { type RequestContext, Telemetry, type TelemetryOptions } from './signing/telemetry.ts';
export type { RequestBody, Transport, TransportRequest, TransportResponse } from './signing/transport.ts';
export { describeFailure, hostAndPort, surelyUnsent } from './utils/network-errors.ts';
export type { OnWarning, Warning } from './utils/warning.ts';
