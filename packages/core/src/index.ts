/**
 * Signs documents with Sign'Stash from Node applications. Start at {@link createSignStash}.
 *
 * @module @signstash-connect/core
 */
export type { StoredToken, TokenStore } from './auth/token-store.ts';
export { MemoryTokenStore } from './auth/token-store.ts';
export { findFiles } from './batch/input.ts';
export type {
  BatchDocument,
  BatchInput,
  BatchOptions,
  BatchProgress,
  BatchResult,
  BatchSummary,
  SignBatch,
  SignedBatchDocument,
} from './batch/options.ts';
export * from './client.ts';
export { environmentVariables, optionsFromEnv } from './env.ts';
export { type DocumentContent, documentContent } from './files/document-content.ts';
export { nodePlatform } from './files/node-platform.ts';
export { FileReferenceLock, type FileReferenceLockOptions } from './locks/file-reference-lock.ts';
export { type RedisClient, RedisReferenceLock, type RedisReferenceLockOptions } from './locks/redis-reference-lock.ts';
export { MemoryReferenceLock, type ReferenceLease, type ReferenceLock } from './locks/reference-lock.ts';
export type { SignStashOptions } from './options.ts';
export { type FolderResultStoreOptions, folderResultStore } from './results/folder-result-store.ts';
export { type KeyvLike, type KeyvResultStoreOptions, keyvResultStore } from './results/keyv-result-store.ts';
export { ResultKeeper, type ResultStoreWarning } from './results/result-keeper.ts';
export type { ResultStore, StoredResult } from './results/result-store.ts';
export { createSignStash, fromEnv, SignStash } from './signstash.ts';
