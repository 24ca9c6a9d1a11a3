/**
 * The part of the adapter kit that needs Node: files on disk and network probes.
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
export { httpProbe } from './adapters/http-probe.ts';
export { signFiles } from './adapters/sign-files.ts';
export { readVerification, type VerificationSetting, verificationLevels } from './adapters/verification.ts';
