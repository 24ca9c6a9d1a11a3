import { ConfigurationError } from '../errors/errors.ts';
import type { NamingOptions } from './setting-reader.ts';

/** Most file systems take names of up to 255 bytes. */
const maxNameBytes = 255;

const encoder = new TextEncoder();
const byteLength = (text: string) => encoder.encode(text).byteLength;

/** Device names of Windows, reserved with any extension. */
const reservedNames = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(\.|$))/i;

/**
 * A file name that is safe on every system and in a zip: no directories, drive letters, control characters or characters that
 * Windows refuses, no device names, at most 255 bytes of UTF-8. Letters of any script stay as they are.
 *
 * @param name - Untrusted, for example from an upload.
 * @param fallback - Used if no character of the name is left.
 */
export function safeFileName(name: string, fallback = 'document.pdf'): string {
  const clean = name
    .normalize('NFC')
    .replace(/^[a-z]:(?=[^\\/])/i, '')
    .split(/[\\/]/)
    .at(-1)!
    // Directional marks can make "fdp.exe" look like "exe.pdf"; lone surrogates have no UTF-8 form.
    .replace(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^\s+|[\s.]+$/g, '');
  if (clean === '') return fallback;
  return limitBytes(reservedNames.test(clean) ? `_${clean}` : clean, '');
}

/** `invoice.pdf` with the suffix `-signed` is `invoice-signed.pdf`, at most 255 bytes long. */
export function signedFileName(name: string, suffix = '-signed'): string {
  return limitBytes(name, suffix);
}

/** Shortens the part before suffix and extension, by whole characters. */
function limitBytes(name: string, suffix: string): string {
  const dot = name.lastIndexOf('.');
  // An "extension" of several hundred bytes is part of the name.
  const hasExtension = dot > 0 && byteLength(name.slice(dot)) <= 32;
  const stem = hasExtension ? name.slice(0, dot) : name;
  const extension = hasExtension ? name.slice(dot) : '';
  const room = maxNameBytes - byteLength(suffix) - byteLength(extension);
  let kept = '';
  let bytes = 0;
  for (const character of stem) {
    bytes += byteLength(character);
    if (bytes > room) break;
    kept += character;
  }
  return `${kept}${suffix}${extension}`;
}

/** Names that are taken: two names that differ only in case or in their Unicode form are the same file on some systems. */
export class UniqueNames {
  readonly #taken = new Set<string>();

  /** The name itself, or `name (2).pdf`, `name (3).pdf` … if it is taken. */
  claim(name: string): string {
    let free = name;
    for (let number = 2; !this.tryClaim(free); number++) free = signedFileName(name, ` (${number})`);
    return free;
  }

  /** Takes a name; false if it is taken. */
  tryClaim(name: string): boolean {
    const key = name.normalize('NFC').toLowerCase();
    if (this.#taken.has(key)) return false;
    this.#taken.add(key);
    return true;
  }
}

export interface OutputDocument {
  /** Path of the file; its own directory is trusted. */
  path?: string;
  /** For a document without a path; may come from anywhere, only its last part is used. */
  name?: string;
}

export interface OutputOptions {
  /** Where signed files go. Default: next to each file. */
  directory?: string | undefined;
  /** With {@link directory}, keep the files' tree from this directory on. Default: no tree. */
  root?: string | undefined;
  /** Inserted before the extension. Default: `-signed`, or nothing with a directory. */
  suffix?: string | undefined;
  /** Replace each file by its signed version. */
  inPlace?: boolean | undefined;
}

/**
 * Where a document's signed version goes.
 *
 * @throws `ConfigurationError` if the options contradict each other, or if there is no directory to choose.
 */
export function outputPath(document: OutputDocument, options: OutputOptions = {}): string {
  checkOutputOptions(options);
  const { directory, root, inPlace } = options;
  const suffix = options.suffix ?? (directory === undefined ? '-signed' : '');
  const { path } = document;
  if (inPlace) {
    if (path !== undefined) return path;
    throw new ConfigurationError(
      'CONFIGURATION_INVALID',
      'inPlace',
      `${document.name} has no path and cannot be replaced in place.`,
    );
  }
  const [parent, base] = path === undefined ? [undefined, safeFileName(document.name ?? '')] : splitPath(path);
  const name = signedFileName(base, suffix);
  if (directory === undefined) {
    if (parent !== undefined) return `${parent}${name}`;
    throw new ConfigurationError(
      'CONFIGURATION_MISSING',
      'directory',
      `${document.name} has no path: set a directory for signed files.`,
    );
  }
  const branch = parent !== undefined && root !== undefined ? branchBelow(root, parent) : '';
  const separator = directory === '' || /[\\/]$/.test(directory) ? '' : '/';
  return `${directory}${separator}${branch}${name}`;
}

/** @throws `ConfigurationError` naming the option that contradicts another, by the platform's name in its message. */
export function checkOutputOptions(
  { directory, suffix, inPlace }: OutputOptions,
  { nameOf }: NamingOptions = {},
): void {
  const name = (setting: string) => nameOf?.(setting) ?? setting;
  const refuse = (setting: string, message: string) => {
    throw new ConfigurationError('CONFIGURATION_INVALID', setting, message);
  };
  if (inPlace && directory !== undefined)
    refuse('inPlace', `${name('inPlace')} and ${name('directory')} are both set: use one of them.`);
  if (inPlace && suffix) refuse('inPlace', `${name('inPlace')} and ${name('suffix')} are both set: use one of them.`);
  if (suffix !== undefined && /[\\/\p{Cc}]/u.test(suffix)) {
    refuse(
      'suffix',
      `Invalid ${name('suffix')} ${JSON.stringify(suffix)}: expected part of a file name, without slashes.`,
    );
  }
  if (suffix === '' && directory === undefined && !inPlace) {
    refuse(
      'suffix',
      `An empty ${name('suffix')} would replace the originals: set ${name('suffix')} or ${name('directory')}, or use ${name('inPlace')}.`,
    );
  }
}

/** Directory with its separator, and name. A backslash is a separator only on Windows. */
function splitPath(path: string): [directory: string, name: string] {
  const windows = /^([a-z]:|\\\\)/i.test(path);
  const at = Math.max(path.lastIndexOf('/'), windows ? path.lastIndexOf('\\') : -1) + 1;
  return [path.slice(0, at), path.slice(at)];
}

/** The part of a directory below the root, with slashes; nothing for a directory elsewhere, which has no tree to keep. */
function branchBelow(root: string, directory: string): string {
  const slashes = (text: string) => (/^([a-z]:|\\\\)/i.test(text) ? text.replaceAll('\\', '/') : text);
  const from = `${slashes(root).replace(/\/+$/, '')}/`;
  const below = slashes(directory);
  if (!below.startsWith(from)) return '';
  const branch = below.slice(from.length);
  return branch.split('/').includes('..') ? '' : branch;
}
