import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blobSource, bytesSource, type DocumentSource } from '../api/request/document-source.ts';
import { ValidationError } from '../errors/errors.ts';
import type { DocumentBytes } from '../signing/document-input.ts';
import { fileSource } from './file-source.ts';
import { streamSource } from './stream-source.ts';

/** Everything an application may give as a document: bytes, a Blob or File, a path, a `file:` URL, or a stream. */
export type DocumentContent = DocumentBytes | string | URL | AsyncIterable<Uint8Array>;

export interface OpenedContent {
  source: DocumentSource;
  /** The file's own name, where there is one. */
  name?: string;
  /** Its full path, where there is one. */
  path?: string;
  /** Drops what was kept in memory and can be read again. */
  forget?: () => void;
  /** Removes what was kept for it; to be called when the document is done with. */
  release?: () => Promise<void>;
}

/**
 * @param signal - Ends the wait for a stream that stalls.
 * @throws {@link ValidationError} `DOCUMENT_UNREADABLE`
 */
export async function documentContent(content: DocumentContent, signal?: AbortSignal): Promise<OpenedContent> {
  if (typeof content === 'string' || content instanceof URL) {
    const path = typeof content === 'string' ? content : pathOf(content);
    const source = await fileSource(path);
    return { source, name: basename(path), path, ...(source.forget ? { forget: source.forget } : {}) };
  }
  if (content instanceof Uint8Array) return { source: bytesSource(content) };
  if (content instanceof ArrayBuffer) return { source: bytesSource(new Uint8Array(content)) };
  if (content instanceof File) return { source: blobSource(content), name: content.name };
  if (content instanceof Blob) return { source: blobSource(content) };
  if (typeof content === 'object' && content !== null) {
    if (Symbol.asyncIterator in content) return streamSource(content, signal);
    if (typeof content.read === 'function' && typeof content.slice === 'function') return { source: content };
  }
  throw new ValidationError('DOCUMENT_UNREADABLE', 'The content is no bytes, Blob, path, URL or stream.');
}

function pathOf(url: URL): string {
  if (url.protocol === 'file:') return fileURLToPath(url);
  const message = `${url.href} is no file: URL; give the response's body, which is a stream.`;
  throw new ValidationError('DOCUMENT_UNREADABLE', message, { document: url.href });
}
