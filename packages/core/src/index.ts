/**
 * Signs documents with Sign'Stash from Node applications. Start at {@link createSignStash}.
 *
 * Hosts that bring their own HTTP use `@signstash-connect/core/client`, adapters also `@signstash-connect/core/adapter`.
 *
 * @module @signstash-connect/core
 */
export { type Environment, onPremise } from './api/environments.ts';
export type { Operation } from './api/response/operation.ts';
export type { Preservation, SealPosition, SignatureOptions, VisibleSeal, XmlSignature } from './api/sign-options.ts';
export type { TokenStore } from './auth/token-store.ts';
export type {
  BatchDocument,
  BatchOptions,
  BatchProgress,
  BatchResult,
  BatchSummary,
  SignBatch,
  SignedBatchDocument,
} from './batch/options.ts';
export { optionsFromEnv } from './env.ts';
export type { ErrorCode } from './errors/codes.ts';
export {
  ConfigurationError,
  DocumentFailedError,
  isSignStashError,
  OutcomeUnknownError,
  QuotaExceededError,
  ServiceRejectedError,
  SignStashError,
  ValidationError,
} from './errors/errors.ts';
export type { DocumentContent } from './files/document-content.ts';
export { FileReferenceLock } from './locks/file-reference-lock.ts';
export { RedisReferenceLock } from './locks/redis-reference-lock.ts';
export type { ReferenceLock } from './locks/reference-lock.ts';
export type { SignStashOptions } from './options.ts';
export { folderResultStore } from './results/folder-result-store.ts';
export { keyvResultStore } from './results/keyv-result-store.ts';
export type { ResultStore } from './results/result-store.ts';
export type { SignOneOptions, SignOptions } from './signing/client.ts';
export type { DocumentInput } from './signing/document-input.ts';
export type { Hooks, Logger } from './signing/hooks.ts';
export type { FailedDocument, SignedDocument, SignResult } from './signing/results.ts';
export { createSignStash, fromEnv, SignStash } from './signstash.ts';
