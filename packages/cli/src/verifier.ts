import type { SignFilesOptions } from '@signstash-connect/core/adapter/node';
import { type Settings, settingsError } from './settings.ts';

/** Checks beyond those of core, which `verify: signature` and `chain` ask for. */
export async function createVerifier(settings: Settings, signal: AbortSignal): Promise<SignFilesOptions['verify']> {
  const { level, trust } = settings.verification();
  if (level !== 'signature' && level !== 'chain') return undefined;
  // Loaded on demand: it is larger than the rest of the program.
  const { createSignedFileCheck } = await import('@signstash-connect/verify');
  try {
    return await createSignedFileCheck(level, trust, signal);
  } catch (error) {
    throw settingsError('trust', settings.nameOf('trust') as string, `${(error as Error).message}.`);
  }
}
