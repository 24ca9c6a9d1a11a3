/**
 * The part of the adapter kit that needs Node: files on disk, network probes, and the parts that `SignStash` is made of.
 *
 * @module @signstash-connect/core/adapter/node
 */

export {
  displayName,
  type FileToVerify,
  type FoundFile,
  isOutside,
  type SignFilesOptions,
} from './adapters/find-documents.ts';
export { cachedHealthCheck, type Health, type HealthCheckOptions, HealthMonitor } from './adapters/health.ts';
export { httpProbe } from './adapters/http-probe.ts';
export { signFiles } from './adapters/sign-files.ts';
export {
  formatBytes,
  type UploadErrorCode,
  type UploadedFile,
  type UploadLimits,
  UploadReader,
  uploadError,
} from './adapters/upload.ts';
export { loadTrust, readVerification, type VerificationSetting, verificationLevels } from './adapters/verification.ts';
export { MemoryTokenStore, type StoredToken } from './auth/token-store.ts';
export { findFiles } from './batch/input.ts';
export type { BatchInput } from './batch/options.ts';
export { environmentVariables } from './env.ts';
export { documentContent, type OpenedContent } from './files/document-content.ts';
export { nodePlatform } from './files/node-platform.ts';
export { isLeftover, tempFileName } from './files/temp-file.ts';
export type { FileReferenceLockOptions } from './locks/file-reference-lock.ts';
export type { RedisClient, RedisReferenceLockOptions } from './locks/redis-reference-lock.ts';
export { MemoryReferenceLock, type ReferenceLease } from './locks/reference-lock.ts';
export type { FolderResultStoreOptions } from './results/folder-result-store.ts';
export type { KeyvLike, KeyvResultStoreOptions } from './results/keyv-result-store.ts';
export { ResultKeeper } from './results/result-keeper.ts';
export type { StoredResult } from './results/result-store.ts';
