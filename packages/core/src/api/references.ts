import { ValidationError } from '../errors/errors.ts';
import { maxReferenceLength } from './assumptions.ts';
import type { SignatureType } from './wire.ts';

/**
 * A reference that the same document gets in every process and on every run, so that a second run finds the first one's
 * operation instead of signing, and paying, again.
 *
 * @param clientId - Prefix: references are unique in the whole system (API reference, section 5).
 * @param keyedHash - SHA-256 of {@link referenceSeed}, in hexadecimal.
 */
export function derivedReference(clientId: string, keyedHash: string): string {
  const prefix = clientId.replace(/[^\w.:@-]+/g, '-');
  return `${prefix.slice(0, maxReferenceLength - 41)}-${keyedHash.slice(0, 40)}`;
}

/**
 * What is hashed for {@link derivedReference}.
 *
 * @param type - Every document can also be signed with CAdES, so the same content with CAdES is another document; otherwise the
 *   content decides the type.
 */
export function referenceSeed(contentHash: string, key: string | undefined, type?: SignatureType): Uint8Array {
  return new TextEncoder().encode(`${type === 'CAdES' ? 'CAdES:' : ''}${contentHash}\n${key ?? ''}`);
}

/**
 * @throws {@link ValidationError} `REFERENCE_INVALID`: a reference goes into a URL path and into file names of the zip, so
 *   only characters that are safe in both are taken.
 */
export function checkReference(reference: string, document: string): void {
  if (
    reference.length === 0 ||
    reference.length > maxReferenceLength ||
    !/^[\w.:@-]+$/.test(reference) ||
    /^\.+$/.test(reference)
  ) {
    const message = `${document}: the external reference ${JSON.stringify(reference.slice(0, 80))} cannot be used.`;
    throw new ValidationError('REFERENCE_INVALID', message, { document });
  }
}
