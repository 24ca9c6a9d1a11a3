import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blobSource, bytesSource, type DocumentSource } from '../api/request/document-source.ts';
import { ValidationError } from '../errors/errors.ts';
import type { DocumentBytes } from '../signing/document-input.ts';
import { fileSource } from './file-source.ts';
import { streamSource } from './stream-source.ts';
import { verifiedSource } from './verified-source.ts';

/** Everything that an application can pass as a document: bytes, a Blob or File, a path, a `file:` URL, or a stream. */
export type DocumentContent = DocumentBytes | string | URL | AsyncIterable<Uint8Array>;

export interface OpenedContent {
  source: DocumentSource;
  /** The file's own name, if it has one. */
  name?: string;
  /** The path as given, if it is a file. */
  path?: string;
  /** Drops content from memory that can be read again. */
  forget?: () => void;
  /** Removes temporary files; to be called when the document is finished. */
  release?: () => Promise<void>;
}

/**
 * @param signal - Ends the wait for a stream that stalls.
 * @throws {@link ValidationError} `DOCUMENT_UNREADABLE`
 */
export async function documentContent(content: DocumentContent, signal?: AbortSignal): Promise<OpenedContent> {
  if (typeof content === 'string' || content instanceof URL) {
    const path = typeof content === 'string' ? content : pathFromUrl(content);
    const source = await fileSource(path);
    return { source, name: basename(path), path, ...(source.forget ? { forget: source.forget } : {}) };
  }
  if (content instanceof Uint8Array) return { source: bytesSource(content) };
  if (content instanceof ArrayBuffer) return { source: bytesSource(new Uint8Array(content)) };
  if (content instanceof File) return { source: blobSource(content), name: content.name };
  if (content instanceof Blob) return { source: blobSource(content) };
  if (typeof content === 'object' && content !== null) {
    if (Symbol.asyncIterator in content) return streamSource(content, signal);
    if (typeof content.read === 'function' && typeof content.slice === 'function') {
      return { source: verifiedSource(content, 'The document') };
    }
  }
  throw new ValidationError(
    'DOCUMENT_UNREADABLE',
    'Invalid content: expected bytes, a Blob, a path, a file: URL or a stream.',
  );
}

function pathFromUrl(url: URL): string {
  if (url.protocol === 'file:') return fileURLToPath(url);
  const message = `Unsupported URL ${url.href}: expected a file: URL. To sign a download, pass its body, which is a stream.`;
  throw new ValidationError('DOCUMENT_UNREADABLE', message, { document: url.href });
}
