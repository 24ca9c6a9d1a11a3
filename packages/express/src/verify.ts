import { SettingReader } from '@signstash-connect/core/adapter';
import { loadTrust, readVerification, type VerificationSetting } from '@signstash-connect/core/adapter/node';
import type { ContentCheckSetting } from '@signstash-connect/core/client';
import type { TrustStore, VerificationLevel } from '@signstash-connect/verify';

export interface VerifyOptions {
  /**
   * What a signed document has to pass before it is sent:
   * - `off`: nothing.
   * - `integrity`: core's content check, `contentCheck: 'on'`.
   * - `signature`: also, its newest signature is intact and covers the document.
   * - `chain`: also, that signature and its timestamp chain to a certificate of `trust`.
   *
   * `signature` and `chain` need the package `@signstash-connect/verify`. Default: the client's `contentCheck`.
   */
  verify?: VerificationSetting;
  /**
   * The root certificates for `chain`: paths of PEM or DER files, or of folders with them; or a `TrustStore` of
   * `@signstash-connect/verify`.
   */
  trust?: string | readonly string[] | { readonly anchors: readonly object[] };
}

/** Called before anything is sent. @throws `SettingsError` if a certificate of `trust` is unusable. */
export type Verifier = () => Promise<ContentCheckSetting>;

/**
 * @returns Undefined if the client's own `contentCheck` decides.
 * @throws `SettingsError` for contradicting options, and if `@signstash-connect/verify` is needed but not installed.
 */
export function createVerifier(where: string, { verify, trust = [] }: VerifyOptions): Verifier | undefined {
  const reader = new SettingReader({ verify }, ['verify'], { nameOf: (name) => `${where}.${name}` });
  const paths = typeof trust === 'string' ? [trust] : trust;
  const level = readVerification(reader, 'anchors' in paths ? 'given' : paths);
  const isFull = level === 'signature' || level === 'chain';
  if (isFull && !isInstalled()) {
    const message = `${where}.verify "${level}" needs the package @signstash-connect/verify, which is not installed.`;
    reader.fail('verify', message);
  }
  reader.finish();
  if (level === undefined) return undefined;
  if (!isFull) return async () => (level === 'off' ? 'off' : 'on');
  let loading: Promise<ContentCheckSetting> | undefined;
  return () => {
    loading ??= loadCheck(where, level, paths);
    return loading;
  };
}

function isInstalled(): boolean {
  try {
    return import.meta.resolve('@signstash-connect/verify') !== '';
  } catch {
    return false;
  }
}

/** Loaded on demand: the package is optional. */
async function loadCheck(where: string, level: VerificationLevel, trust: NonNullable<VerifyOptions['trust']>) {
  const { checkSigned, TrustStore } = await import('@signstash-connect/verify');
  const store =
    'anchors' in (trust as object)
      ? (trust as TrustStore)
      : await loadTrust(TrustStore, trust as string[], `${where}.trust`);
  const check: ContentCheckSetting = ({ content, original }) => checkSigned(content, { level, trust: store, original });
  return check;
}
