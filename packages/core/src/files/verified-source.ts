import { createHash } from 'node:crypto';
import type { DocumentSource } from '../api/request/document-source.ts';
import { ValidationError } from '../errors/errors.ts';

/**
 * A source whose content must be the same on every read: the reference is derived from the first one, so other bytes must never be
 * signed under it. Each read is hashed while it streams, and fails before its last chunk where the hash is another.
 *
 * @param document - What the document is called in error messages.
 */
export function verifiedSource(source: DocumentSource, document: string): DocumentSource {
  let expected: string | undefined;
  const read = async function* () {
    const hash = createHash('sha256');
    let last: Uint8Array | undefined;
    for await (const chunk of source.read()) {
      if (last) yield last;
      hash.update(chunk);
      last = chunk;
    }
    const found = hash.digest('hex');
    expected ??= found;
    if (found !== expected) throw documentChanged(document);
    if (last) yield last;
  };
  return {
    size: source.size,
    slice: (start, end) => source.slice(start, end),
    read,
    async sha256() {
      if (source.sha256) expected ??= await source.sha256();
      else for await (const _ of read());
      return expected as string;
    },
  };
}

export function documentChanged(document: string): ValidationError {
  const message = `${document} changed after it was checked; the changed content was not sent completely.`;
  return new ValidationError('DOCUMENT_CHANGED', message, { document });
}
