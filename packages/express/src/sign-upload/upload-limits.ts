import { ConfigurationError, maxDocumentsPerRequest } from '@signstash-connect/core';
import { checkLimit, checkOptions } from '../check-options.ts';

/** What one upload may hold: all of it is in memory while it is sealed. */
export interface UploadLimits {
  /** Bytes of one file. Default 25 MiB. */
  fileBytes?: number;
  /** Number of files, at most 99. Default 10. */
  files?: number;
  /** Bytes of all files together. Default 50 MiB. */
  totalBytes?: number;
}

const mebibyte = 1024 * 1024;

export function resolveLimits(where: string, limits: UploadLimits = {}): Required<UploadLimits> {
  checkOptions(`${where}'s limits`, limits, ['fileBytes', 'files', 'totalBytes']);
  const { fileBytes = 25 * mebibyte, files = 10, totalBytes = Math.max(50 * mebibyte, fileBytes) } = limits;
  const resolved = { fileBytes, files, totalBytes };
  for (const [name, value] of Object.entries(resolved)) checkLimit(where, `limits.${name}`, value);
  if (files <= maxDocumentsPerRequest) return resolved;
  const message = `${where}(): limits.files is ${files}, but one request to Sign'Stash takes ${maxDocumentsPerRequest}.`;
  throw new ConfigurationError('CONFIGURATION_INVALID', 'limits.files', message);
}
