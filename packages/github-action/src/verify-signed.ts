import { loadTrust, type SignFilesOptions } from '@signstash-connect/core/adapter/node';
import { checkSigned, TrustStore, type VerificationLevel } from '@signstash-connect/verify';

/**
 * Verifies signed files with `@signstash-connect/verify`. This module becomes a separate file in `dist`, which runs that do
 * not need it do not load.
 *
 * @param roots - Paths of certificates, or of folders with them.
 * @throws `SettingsError` if a path contains no certificate, or a malformed one.
 */
export async function createVerifier(
  level: VerificationLevel,
  roots: readonly string[],
  signal: AbortSignal,
): Promise<NonNullable<SignFilesOptions['verify']>> {
  const trust = await loadTrust(TrustStore, roots, 'trust');
  return (content, { path }) => checkSigned(content, { level, trust, original: path, signal });
}
