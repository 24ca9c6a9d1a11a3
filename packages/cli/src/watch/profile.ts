import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConfigurationError } from '@signstash-connect/core';
import {
  type ParsedSignOptions,
  parseSignOptions,
  type SettingValue,
  signOptionDescriptions,
} from '@signstash-connect/core/adapter';
import { isOutside } from '@signstash-connect/core/adapter/node';
import { profileName } from './folders.ts';
import { hasCode } from './move-file.ts';
import type { FileReferences } from './options.ts';

/** How the documents of one folder are signed. */
export interface Profile {
  readonly sign: ParsedSignOptions;
  readonly reference?: FileReferences | undefined;
}

/** A profile that cannot be used: the files of its folder wait. */
export interface InvalidProfile {
  readonly path: string;
  readonly error: ConfigurationError;
}

export interface ProfilesOptions {
  /** The input folder. */
  readonly root: string;
  readonly sign: ParsedSignOptions;
  readonly reference?: FileReferences | undefined;
  readonly parseReference?: ((pattern: string) => FileReferences) | undefined;
}

/** Profiles by folder. A folder without one has that of the folder above; the highest has the options of the command. */
export class Profiles {
  readonly #options: ProfilesOptions;
  readonly #byFolder = new Map<string, Promise<Profile | InvalidProfile>>();

  constructor(options: ProfilesOptions) {
    this.#options = options;
  }

  /** For the documents of a folder. Read once until {@link forget} is called. */
  find(folder: string): Promise<Profile | InvalidProfile> {
    let profile = this.#byFolder.get(folder);
    if (!profile) {
      profile = this.#read(folder);
      this.#byFolder.set(folder, profile);
    }
    return profile;
  }

  /** To be called when a profile was added, changed or removed. */
  forget(): void {
    this.#byFolder.clear();
  }

  async #read(folder: string): Promise<Profile | InvalidProfile> {
    const path = join(folder, profileName);
    try {
      const text = await readFile(path, 'utf8');
      return await parseProfile(text, path, this.#options);
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
        const isTop = folder === this.#options.root || isOutside(folder, this.#options.root);
        const { sign, reference } = this.#options;
        return isTop ? { sign, reference } : this.find(dirname(folder));
      }
      if (error instanceof ConfigurationError) return { path, error };
      return { path, error: invalid(path, 'profile', `it cannot be read: ${(error as Error).message}`) };
    }
  }
}

/**
 * Reads a profile: an object with sign options by core's names, and `reference`. Lists may be arrays; `visibleImage` is a path, relative
 * to the profile.
 *
 * @throws `ConfigurationError` naming every value that is wrong.
 */
export async function parseProfile(
  text: string,
  path: string,
  { reference: inherited, parseReference }: Pick<ProfilesOptions, 'reference' | 'parseReference'>,
): Promise<Profile> {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw invalid(path, 'profile', `it is not JSON: ${(error as Error).message}`);
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw invalid(path, 'profile', 'expected an object such as { "reason": "Invoice" }');
  }
  const { reference, visibleImage, ...options } = values as Record<string, unknown>;
  if (reference !== undefined && (typeof reference !== 'string' || reference.trim() === '')) {
    throw invalid(path, 'reference', 'reference: expected a pattern such as "{client}-{sha256}"');
  }
  const image = visibleImage === undefined ? undefined : await readImage(visibleImage, path);
  const flat = Object.fromEntries(Object.entries(options).map(([name, value]) => [name, flatValue(name, value, path)]));
  try {
    const sign = parseSignOptions({ ...flat, visibleImage: image });
    return { sign, reference: typeof reference === 'string' ? parseReference?.(reference) : inherited };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const known = [...Object.keys(signOptionDescriptions), 'reference'];
    const unknown = Object.keys(flat).find((name) => !known.includes(name));
    throw invalid(path, unknown ?? error.setting, error.message.replaceAll('\n', ' ').replace(/\.$/, ''));
  }
}

function flatValue(name: string, value: unknown, path: string): SettingValue {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join('\n');
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value as SettingValue;
  throw invalid(path, name, `${name}: expected a text, a number, true, false or a list of texts`);
}

async function readImage(value: unknown, path: string): Promise<Uint8Array> {
  if (typeof value !== 'string')
    throw invalid(path, 'visibleImage', 'visibleImage: expected the path of a PNG or JPEG file');
  const file = resolve(dirname(path), value);
  try {
    return await readFile(file);
  } catch (error) {
    throw invalid(path, 'visibleImage', `visibleImage: ${file} cannot be read: ${(error as Error).message}`);
  }
}

const invalid = (path: string, setting: string, problem: string) =>
  new ConfigurationError('CONFIGURATION_INVALID', setting, `Invalid profile ${path}: ${problem}.`, {
    hint: 'Correct the profile. Its files stay in the input folder and are signed as soon as it is valid.',
  });

/** What documents of one request must have in common: archiving and delivery are options of the whole request. */
export const requestKey = ({ sign: { preservation }, reference }: Profile): string =>
  JSON.stringify([preservation, reference?.anyRendering ?? false]);
