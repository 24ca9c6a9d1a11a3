import { type ContentCheckSetting, DocumentFailedError, type SignResult } from '@signstash-connect/core';
import { SettingReader, SettingsError } from '@signstash-connect/core/adapter';
import { readVerification, type VerificationSetting } from '@signstash-connect/core/adapter/node';
import type { DocumentInput, TrustStore, VerificationLevel } from '@signstash-connect/verify';

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

/** How the documents of one call are checked. */
export interface CallVerification {
  contentCheck: ContentCheckSetting;
  /** Checks what a result store returned, where another level may have applied. */
  checkStored(results: SignResult[]): SignResult[] | Promise<SignResult[]>;
}

/** Called before anything is sent. @throws `SettingsError` if a certificate of `trust` is unusable. */
export type Verifier = () => Promise<CallVerification>;

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
  if (!isFull) {
    return async () => ({ contentCheck: level === 'off' ? 'off' : 'on', checkStored: (results) => results });
  }
  let loading: Promise<Check> | undefined;
  return async () => {
    loading ??= loadCheck(where, level, paths);
    const check = await loading;
    const checked = new Set<string>();
    return {
      contentCheck: ({ reference, content, original }) => {
        checked.add(reference);
        return check(content, original);
      },
      checkStored: (results) =>
        Promise.all(results.map((result) => (checked.has(result.reference) ? result : checkStored(result, check)))),
    };
  };
}

type Check = (content: DocumentInput, original?: DocumentInput) => Promise<string | undefined>;

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
  try {
    const store =
      'anchors' in (trust as object) ? (trust as TrustStore) : await TrustStore.fromPaths(trust as string[]);
    const check: Check = (content, original) =>
      checkSigned(content, { level, trust: store, ...(original && { original }) });
    return check;
  } catch (error) {
    const setting = `${where}.trust`;
    const message = `Invalid ${setting}: ${(error as Error).message}.`;
    throw new SettingsError([{ key: 'trust', setting, code: 'CONFIGURATION_INVALID', message }]);
  }
}

/** Never rejects: a document whose check fails for any reason is not sent. */
async function checkStored(result: SignResult, check: Check): Promise<SignResult> {
  if (!result.ok) return result;
  const { reference, name, operationId, content } = result;
  const problem = await check(content).catch((error: unknown) => `the check failed: ${(error as Error).message}`);
  if (problem === undefined) return result;
  const message = `${name}: the stored content of operation ${operationId} is not valid: ${problem}.`;
  const details = { operationId, references: [reference], document: name };
  return { ok: false, reference, name, error: new DocumentFailedError('CONTENT_NOT_VALID', message, details) };
}
