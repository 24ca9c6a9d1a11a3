import { existsSync } from 'node:fs';
import { type SettingReader, SettingsError } from './setting-reader.ts';

/**
 * How far signed documents are verified before they are used: `off` not at all, `integrity` by core's content check, `signature`
 * and `chain` by `checkSigned` of `@signstash-connect/verify`.
 */
export const verificationLevels = ['off', 'integrity', 'signature', 'chain'] as const;
export type VerificationSetting = (typeof verificationLevels)[number];

/**
 * Reads the settings `verify` and `trust`, which mean the same for every adapter.
 *
 * @param trust - Paths of root certificates, or of folders with them; `given` if the roots are given in another form.
 * @returns The level; undefined if `verify` is not set.
 */
export function readVerification(
  reader: SettingReader,
  trust: readonly string[] | 'given',
): VerificationSetting | undefined {
  const level = reader.choice('verify', verificationLevels);
  const [name, verify] = [reader.name('trust'), reader.name('verify')];
  if (level === 'chain' && trust.length === 0) {
    reader.fail('trust', `${verify} "chain" needs ${name}: the root certificates, as paths of files or folders.`);
  }
  if (level !== 'chain' && trust.length > 0) {
    const current = level === undefined ? `unless ${verify} is set` : `with ${verify} "${level}"`;
    reader.fail('trust', `${name} has no effect ${current}: set ${verify} to "chain".`);
  }
  for (const path of trust === 'given' ? [] : trust) {
    if (!existsSync(path)) reader.fail('trust', `Invalid ${name} "${path}": there is no such file or folder.`);
  }
  return level;
}

/**
 * Loads the root certificates of the setting `trust`.
 *
 * @param store - `TrustStore` of `@signstash-connect/verify`, which core does not depend on.
 * @param setting - The platform's name of the setting.
 * @throws {@link SettingsError} if a path contains no certificate, or a malformed one.
 */
export async function loadTrust<Trust>(
  store: { fromPaths(paths: readonly string[]): Promise<Trust> },
  paths: readonly string[],
  setting: string,
): Promise<Trust> {
  try {
    return await store.fromPaths(paths);
  } catch (error) {
    const message = `Invalid ${setting}: ${(error as Error).message}.`;
    throw new SettingsError([{ key: 'trust', setting, code: 'CONFIGURATION_INVALID', message }]);
  }
}
