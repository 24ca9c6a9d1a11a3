/**
 * Seals documents with Sign'Stash from Node applications. Start at {@link createSignStash}.
 *
 * @module @signstash-connect/core
 */
export type { StoredToken, TokenStore } from './auth/token-store.ts';
export { MemoryTokenStore } from './auth/token-store.ts';
export { findFiles } from './batch/input.ts';
export type {
  BatchDocument,
  BatchFailed,
  BatchInput,
  BatchOptions,
  BatchProgress,
  BatchResult,
  BatchSealed,
  BatchSummary,
  SignBatch,
} from './batch/options.ts';
export { environmentVariables, optionsFromEnv } from './connect/from-env.ts';
export type { SignStashOptions } from './connect/options.ts';
export { createSignStash, fromEnv, SignStash } from './connect/signstash.ts';
export { type DocumentContent, documentContent } from './files/document-content.ts';
export { nodePlatform } from './files/node-platform.ts';
export * from './protocol.ts';
