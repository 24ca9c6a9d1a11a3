import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigurationError, maxReferenceLength, ValidationError } from '@signstash-connect/core';
import { type ReadIdentityOptions, readInvoiceIdentity } from './invoice-identity.ts';
import { isTaxNumber } from './invoice-text.ts';

/** The placeholders of a reference pattern, and what they stand for. */
export const referencePlaceholders = {
  client: 'client ID',
  name: "file's name without folder and extension",
  path: "file's path below the root, with `:` between folders",
  sha256: "SHA-256 of the file's content, in hexadecimal",
  atcud: "invoice's issuer and ATCUD, such as `599999993-CSDF7T5H-35`",
} as const;

export type ReferencePlaceholder = keyof typeof referencePlaceholders;

/** What a reference is made from. */
export interface ReferenceFile {
  /** Where the content is read for `{atcud}`, unless `content` is given. */
  readonly path: string;
  /** In messages, `{name}` and `{path}`: below the root with slashes. */
  readonly name: string;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly clientId: string;
  readonly content?: Uint8Array;
}

/** The files of a run by their invoice, so that two files with the same invoice are refused. */
export type InvoicesOfRun = Map<string, string>;

export interface ReferencePattern {
  readonly pattern: string;
  /** Whether the pattern has this placeholder. */
  has(placeholder: ReferencePlaceholder): boolean;
  /**
   * The external reference of a file. The same file gets the same reference in every run; with `{atcud}`, so does another rendering
   * of the same invoice.
   *
   * @param run - Detects two files with the same invoice; without it, the second is taken for another rendering of the first.
   * @throws `ValidationError` `REFERENCE_INVALID` if the reference is longer than 255 characters, `DUPLICATE_REFERENCE` if another
   *   file of the run has the same ATCUD and issuer.
   * @throws `AdapterError` `ATCUD_NOT_FOUND`, `ATCUD_AMBIGUOUS`, `ISSUER_NOT_FOUND` or `ISSUER_AMBIGUOUS`.
   */
  resolve(file: ReferenceFile, run?: InvoicesOfRun): Promise<string>;
}

/**
 * Reads a pattern for external references, such as `{client}-{atcud}`.
 *
 * @throws `ConfigurationError` `CONFIGURATION_INVALID` for an unknown placeholder, an unbalanced brace, a character that references
 *   may not have, or a pattern that gives all files the same reference.
 */
export function parseReferencePattern(pattern: string, options: ReadIdentityOptions = {}): ReferencePattern {
  const parts = parseParts(pattern);
  checkIssuers(options.issuers);
  const has = (placeholder: ReferencePlaceholder) =>
    parts.some((part) => 'placeholder' in part && part.placeholder === placeholder);
  return {
    pattern,
    has,
    resolve: async (file, run) => {
      const invoice = has('atcud') ? await readInvoice(file, options, run) : '';
      const values: Record<ReferencePlaceholder, () => string> = {
        client: () => file.clientId.replace(unsafeCharacters, '-'),
        name: () => encode(file.name.replace(/^.*[/\\]/, '').replace(/(?<=.)\.[^.]*$/, '')),
        path: () => encode(file.name.replace(/^\/+/, ''), /[/\\]/g),
        sha256: () => file.sha256,
        atcud: () => invoice,
      };
      const reference = parts.map((part) => ('text' in part ? part.text : values[part.placeholder]())).join('');
      checkLength(reference, pattern, file.name);
      return reference;
    },
  };
}

type Part = { readonly text: string } | { readonly placeholder: ReferencePlaceholder };

const unsafeCharacters = /[^\w.:@-]+/g;

function parseParts(pattern: string): Part[] {
  const known = Object.keys(referencePlaceholders) as ReferencePlaceholder[];
  const parts = pattern.split(/(\{[^{}]*\})/).flatMap((part): Part[] => {
    if (part === '') return [];
    if (!part.startsWith('{') || !part.endsWith('}')) return [{ text: part }];
    const placeholder = known.find((name) => part === `{${name}}`);
    if (!placeholder) {
      throw invalid(pattern, `${part} is unknown; the placeholders are ${known.map((name) => `{${name}}`).join(', ')}`);
    }
    return [{ placeholder }];
  });
  const text = parts.map((part) => ('text' in part ? part.text : '')).join('');
  if (/[{}]/.test(text)) throw invalid(pattern, 'a brace has no counterpart');
  const [unsafe] = text.match(unsafeCharacters) ?? [];
  if (unsafe) {
    throw invalid(
      pattern,
      `references may not have "${unsafe}", only letters, digits, dot, dash, underscore, colon and @`,
    );
  }
  if (text.length > maxReferenceLength)
    throw invalid(pattern, `references have at most ${maxReferenceLength} characters`);
  if (!parts.some((part) => 'placeholder' in part && part.placeholder !== 'client')) {
    throw invalid(pattern, 'all files would have the same reference; add {name}, {path}, {sha256} or {atcud}');
  }
  return parts;
}

function checkIssuers(issuers: readonly string[] = []): void {
  const wrong = issuers.find((issuer) => !isTaxNumber(issuer));
  if (wrong === undefined) return;
  const message = `Invalid issuer "${wrong}": expected a Portuguese tax number (NIF) of nine digits with a correct check digit.`;
  throw new ConfigurationError('CONFIGURATION_INVALID', 'issuers', message);
}

/**
 * A text in the characters that references may have. If any had to be replaced, a hash of the text follows, so that different texts
 * never become the same reference.
 *
 * @param separator - Becomes a colon.
 */
function encode(text: string, separator?: RegExp): string {
  // macOS gives names in decomposed form.
  const normal = text.normalize('NFC');
  const separated = separator ? normal.replace(/:/g, '\0').replace(separator, ':') : normal;
  const safe = separated.replace(unsafeCharacters, '-');
  if (safe === separated) return safe;
  return `${safe}-${createHash('sha256').update(normal).digest('hex').slice(0, 8)}`;
}

async function readInvoice(file: ReferenceFile, options: ReadIdentityOptions, run?: InvoicesOfRun): Promise<string> {
  const content = file.content ?? (await readFile(file.path));
  const { issuer, atcud } = await readInvoiceIdentity(content, file.name, options);
  const invoice = `${issuer}-${atcud}`;
  const other = run?.get(invoice);
  if (other !== undefined && other !== file.name) {
    const message = `${file.name} and ${other} are the same invoice: ATCUD ${atcud} of issuer ${issuer}.`;
    throw new ValidationError('DUPLICATE_REFERENCE', message, {
      document: file.name,
      hint: 'Sign one of them: an invoice is signed once, and copies (duplicate, triplicate) belong in the same file.',
    });
  }
  run?.set(invoice, file.name);
  return invoice;
}

function checkLength(reference: string, pattern: string, name: string): void {
  if (reference.length <= maxReferenceLength && !/^\.+$/.test(reference)) return;
  const problem = reference.length > maxReferenceLength ? `has ${reference.length} characters` : `is "${reference}"`;
  const message = `${name}: its external reference by the pattern "${pattern}" ${problem}.`;
  throw new ValidationError('REFERENCE_INVALID', message, {
    document: name,
    hint: `References have at most ${maxReferenceLength} characters: use {sha256} instead of {path} or {name}.`,
  });
}

const invalid = (pattern: string, problem: string) =>
  new ConfigurationError(
    'CONFIGURATION_INVALID',
    'referencePattern',
    `Invalid reference pattern "${pattern}": ${problem}.`,
  );
