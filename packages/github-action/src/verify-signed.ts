import type { SignFilesOptions } from '@signstash-connect/core/adapter/node';
import { findProblem, TrustStore, type VerificationLevel, verifyDocument } from '@signstash-connect/verify';

/**
 * Verifies signed files with `@signstash-connect/verify`. This module becomes a separate file in `dist`, which runs that do
 * not need it do not load.
 *
 * @param roots - Paths of certificates, or of folders with them.
 * @throws `TypeError` if a path contains no certificate, or a malformed one.
 */
export async function createVerifier(
  level: VerificationLevel,
  roots: readonly string[],
  signal: AbortSignal,
): Promise<NonNullable<SignFilesOptions['verify']>> {
  const trust = await TrustStore.fromPaths(roots);
  return async (content, { path }) => {
    // Core has compared a PDF with its original; CAdES and XAdES signatures are compared here.
    const isPdf = Buffer.from(content.subarray(0, 5)).toString('latin1') === '%PDF-';
    const report = await verifyDocument(content, { trust, signal, ...(isPdf ? {} : { original: path }) });
    return findProblem(report, level)?.replace(/\.$/, '');
  };
}
