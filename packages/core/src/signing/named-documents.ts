import type { ErrorBody } from '../errors/errors.ts';
import type { PreparedDocument } from './document-input.ts';

/**
 * The documents that a refusal names: by reference, else by file name. Empty if it names none, or if the name could be any of
 * several documents or an ordinary word.
 */
export function findNamedDocuments(
  { causeMessage = '', description = '' }: ErrorBody,
  documents: readonly PreparedDocument[],
): PreparedDocument[] {
  const text = `${causeMessage}\n${description}`;
  const byReference = documents.filter(({ reference }) => isDistinct(reference) && contains(text, reference));
  if (byReference.length > 0) return byReference;
  const byName = documents.filter(({ name }) => isDistinct(name) && contains(text, name));
  return new Set(byName.map(({ name }) => name)).size === byName.length ? byName : [];
}

/** A word such as "document" in a message need not be the name of a document. */
const isDistinct = (name: string) => name.length >= 4 && /[\d.]/.test(name);

/** Whether a text contains a name that is not a part of a longer one, as `1.pdf` is of `11.pdf`. */
function contains(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text.slice(Math.max(0, at - 1), at);
    const after = text.slice(at + name.length, at + name.length + 2);
    if (!/[\p{L}\p{N}_\-./:@]/u.test(before) && !/^([\p{L}\p{N}_\-@]|[.:][\p{L}\p{N}])/u.test(after)) return true;
  }
  return false;
}
