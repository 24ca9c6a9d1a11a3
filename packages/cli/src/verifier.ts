import { readVerification, type SignFilesOptions } from '@signstash-connect/core/adapter/node';
import { type Settings, settingsError } from './settings.ts';

export interface Verification {
  /** Core's own check of signed contents. */
  contentCheck: 'on' | 'off';
  /** Further checks for `verify: signature` and `chain`. */
  verify: SignFilesOptions['verify'];
}

/** @throws `SettingsError` if `verify` or `trust` is unusable, before anything is sent. */
export async function createVerification(settings: Settings, signal: AbortSignal): Promise<Verification> {
  const paths = settings.trust();
  const reader = settings.reader(['verify', 'trust']);
  const level = readVerification(reader, paths);
  reader.finish();
  const contentCheck = level === 'off' ? 'off' : 'on';
  if (level !== 'signature' && level !== 'chain') return { contentCheck, verify: undefined };
  // Loaded on demand: it is larger than the rest of the program.
  const { checkSigned, TrustStore } = await import('@signstash-connect/verify');
  try {
    const trust = await TrustStore.fromPaths(paths);
    const verify: SignFilesOptions['verify'] = (content, { path, isOtherRendering }) =>
      checkSigned(content, { level, trust, signal, ...(isOtherRendering ? {} : { original: path }) });
    return { contentCheck, verify };
  } catch (error) {
    throw settingsError('trust', settings.nameOf('trust') as string, `${(error as Error).message}.`);
  }
}
